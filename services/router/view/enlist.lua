-- Note that a workspace has a view. KEYS: the list of those that have one.
-- ARGV: the workspace, then all that are expected to have one.
-- Returns 'new' when it never had one; 'lost' when it had, or the list itself was lost.
if redis.call('EXISTS', KEYS[1]) == 0 then
  for n = 1, #ARGV do
    redis.call('SADD', KEYS[1], ARGV[n])
  end
  return 'lost'
end
if redis.call('SADD', KEYS[1], ARGV[1]) == 1 then
  return 'new'
end
return 'lost'
