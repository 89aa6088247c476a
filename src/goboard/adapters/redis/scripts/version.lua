-- The board's version rises with each call that writes, and whoever listens is told. It is the first of a call's writes:
-- where its key is of another type, nothing else is written.
local function raise_version()
  local key = '{' .. KEYS[1] .. '}:version'
  local number = redis.call('HINCRBY', key, 'number', 1)
  if number == 1 then -- numbers begin anew where the key was lost: so does the epoch
    local now = redis.call('TIME')
    redis.call('HSET', key, 'epoch', now[1] .. string.format('%06d', now[2]))
  end
  -- pcall: a user whom the server lets write, but not publish, may still write.
  redis.pcall('SPUBLISH', '{' .. KEYS[1] .. '}:changes', string.format('%d', number))
end
