-- Move stamps over records that concern others, where nobody else has moved them.
-- KEYS: the stamps. ARGV: generation, then per partition its name, expected and next stamp.
-- Returns 1, or 0 when the view was lost.
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then
  return 0
end
for n = 2, #ARGV, 3 do
  if (redis.call('HGET', KEYS[1], ARGV[n]) or '') == ARGV[n + 1] then
    redis.call('HSET', KEYS[1], ARGV[n], ARGV[n + 2])
  end
end
return 1
