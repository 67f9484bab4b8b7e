-- Count an attempt in a fixed window. KEYS: the counter. ARGV: the window in milliseconds, the
-- limit. Returns 0, or the milliseconds until there may be another attempt.
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
if count > tonumber(ARGV[2]) then
  return left
end
return 0
