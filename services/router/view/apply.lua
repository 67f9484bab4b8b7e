-- Apply one batch, unless the view was lost or somebody else has applied it.
-- KEYS: the stamps, then the key of each write.
-- ARGV: generation, partition, expected stamp ('' for none), next stamp, then per write its name
-- and two values. Returns 'applied', 'lost', or 'moved' with the stamp that stands there.
local have = redis.call('HMGET', KEYS[1], 'generation', ARGV[2])
if have[1] ~= ARGV[1] then
  return {'lost', ''}
end
if (have[2] or '') ~= ARGV[3] then
  return {'moved', have[2] or ''}
end
for n = 2, #KEYS do
  local name, first, second = ARGV[n * 3 - 1], ARGV[n * 3], ARGV[n * 3 + 1]
  if name == 'set' then
    if second == '0' then
      redis.call('SET', KEYS[n], first)
    else
      redis.call('SET', KEYS[n], first, 'PX', second)
    end
  elseif name == 'zadd' then
    redis.call('ZADD', KEYS[n], first, second)
  elseif name == 'zrem' then
    redis.call('ZREM', KEYS[n], first)
  elseif name == 'keep' then
    if redis.call('PTTL', KEYS[n]) < tonumber(first) then
      redis.call('PEXPIRE', KEYS[n], first)
    end
  end
end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[4])
return {'applied', ARGV[4]}
