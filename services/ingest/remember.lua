-- Remember ids that are in the log now: one command for all.
-- KEYS: one per id. ARGV: for how many seconds.
for n = 1, #KEYS do
  redis.call('SET', KEYS[n], 1, 'EX', ARGV[1])
end
