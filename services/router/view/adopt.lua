-- Find a workspace's view, or begin one. KEYS: the stamps.
-- ARGV: a generation and an origin for a view that has none. Returns all stamps.
if redis.call('HSETNX', KEYS[1], 'generation', ARGV[1]) == 1 then
  redis.call('HSET', KEYS[1], 'origin', ARGV[2])
end
return redis.call('HGETALL', KEYS[1])
