-- Updates with keys: what was answered to those that were done before, so that each is done once.
--
-- An answer is remembered in a hash for a stretch of time, a quarter of how long it is to be kept, under a digest of its
-- key: the digest of what was applied, 1 or 0 for improved, the rank or "" and, after a space, the score. A stretch ends
-- when the last of its answers has been kept long enough, and is named by its end. Which there are says a sorted set, so
-- that none is overlooked when the time for which answers are kept has changed, or the server's clock. They outlive the
-- board: a retry after its deletion is still known.

local KEY_BYTES, UPDATE_BYTES = 16, 8
local stretches = beside .. 'operations'
local keyed = tonumber(ARGV[next_argument])
local first_change, last_change = next_argument + 1, #ARGV
local named, remembered, remembered_count, most_keys = {}, {}, 0, 0
local answers_kept_for, operations_now = 0, 0
local new_answers = {}

if keyed > 0 then
  answers_kept_for, most_keys = tonumber(ARGV[next_argument + 1]), tonumber(ARGV[next_argument + 2])
  first_change = next_argument + 3
  last_change = #ARGV - 2 * keyed
  local time, keys = call('TIME'), {}
  operations_now = time[1] * 1000 + math.floor(time[2] / 1000)
  for i = last_change + 1, #ARGV, 2 do
    named[tonumber(ARGV[i])] = ARGV[i + 1]
    keys[#keys + 1] = sub(ARGV[i + 1], 1, KEY_BYTES)
  end
  for _, ends in ipairs(call('ZRANGEBYSCORE', stretches, operations_now, '+inf')) do
    local stretch = stretches .. ':' .. ends
    remembered_count = remembered_count + call('HLEN', stretch)
    local answers = call('HMGET', stretch, unpack(keys))
    for i = 1, #keys do
      remembered[keys[i]] = answers[i] or remembered[keys[i]]
    end
  end
end

-- A stretch whose end is late enough for answers of now, and not later than it needs to be; begun where there is none.
local function current_stretch()
  local earliest, length = operations_now + answers_kept_for, math.floor(answers_kept_for / 4)
  local ends = call('ZRANGEBYSCORE', stretches, exact(earliest), exact(earliest + length), 'LIMIT', 0, 1)[1]
  if not ends then
    for _, over in ipairs(call('ZRANGEBYSCORE', stretches, '-inf', '(' .. exact(operations_now))) do
      call('UNLINK', stretches .. ':' .. over)
    end
    call('ZREMRANGEBYSCORE', stretches, '-inf', '(' .. exact(operations_now))
    ends = exact(earliest + length)
    call('ZADD', stretches, ends, ends)
  end
  return ends
end

-- A little longer than it is needed: while the board gets updates with keys, UNLINK above lets go of it, which takes no
-- time of the server's, as expiry does (a quarter of a million answers: tens of milliseconds).
local function keep_until(key, ends)
  local left = ends + math.floor(answers_kept_for / 4) - operations_now
  if call('PTTL', key) < left then
    call('PEXPIRE', key, exact(left))
  end
end

-- Do the change once: its answer, or nil, nil and a word that says why it was refused; 2 more than 1 or 0 for improved
-- where it was done before.
local function once(operation, member, kind, number, metadata, at)
  local key, update = sub(operation, 1, KEY_BYTES), sub(operation, KEY_BYTES + 1)
  local answer = remembered[key]
  if answer then
    if sub(answer, 1, UPDATE_BYTES) ~= update then
      return false, false, 'mismatch'
    end
    local improved, rank, score = string.match(answer, '^(%d)(%d*) (.+)$', UPDATE_BYTES + 1)
    return score, tonumber(rank) or false, improved + 2
  elseif remembered_count >= most_keys then
    return false, false, 'full'
  end
  local score, rank, improved = submit(member, kind, number, metadata, at)
  if score then
    answer = update .. improved .. (rank and exact(rank) or '') .. ' ' .. score
    remembered[key] = answer
    remembered_count = remembered_count + 1
    new_answers[#new_answers + 1] = key
    new_answers[#new_answers + 1] = answer
  end
  return score, rank, improved
end

-- Remember the answers that are new: once for all changes of a call.
local function remember()
  if #new_answers == 0 then
    return
  end
  local ends = current_stretch()
  local stretch = stretches .. ':' .. ends
  call('HSET', stretch, unpack(new_answers))
  keep_until(stretch, ends)
  keep_until(stretches, ends)
end
