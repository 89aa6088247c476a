-- Writes to a board by its rules, in order, as one atomic step; what is written counts in every place.
--
-- KEYS[1]  the board
-- ARGV     1 the rules' tag, 2 order, 3 ties, 4 operator, 5 the least and 6 the greatest score, 7 max_increment or "",
--          8 capacity or "", 9 "1" where updates are tracked, 10 how many attempts or "", 11 the number of the place
--          in which they count, 12 the time in ms, 13 how many places there are; then for each place its name and for
--          how many ms it is to be kept ("" for ever); then four for each change: the member, what is done, metadata
--          or "", the time in ms. What is done is "i1.5" (an increment), "s1.5" (a submission), "=1.5" (set), "x"
--          (remove the member everywhere), "!" (delete the board: the last of its call), "adaily" (set the place of the
--          window aside under the name that stands for the member; "a": the first place), "n" (nothing).
-- Replies 1 where the first place had no members before, else 0, then three values a change: the score in the first
-- place, the rank there (nil: the member is not kept), and 1 or 0 for improved; or nil, nil and a word that says why it
-- was refused. For "x", "!", "a", "n": how many members, 0, 0; for "a" also nil, nil, and "exists" or "window".
-- Or replies {"stale", rules}, or {"busy"}; nothing is written then.
--
-- A script has no rollback: what can fail (a key is of another type) fails in the reads before the first write.

local stale = outdated(ARGV[1])
if stale then
  return stale
elseif call('EXISTS', beside .. 'moving') == 1 then
  return {'busy'}
end

local order, ties, operator = ARGV[2], ARGV[3], ARGV[4]
local least, greatest, max_increment = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local capacity, track, max_attempts = tonumber(ARGV[8]), ARGV[9] == '1', tonumber(ARGV[10])
local now = tonumber(ARGV[12])
local LIMIT = 9007199254740992 -- 2^53

local places, next_argument, kept_for, has_all = {}, 14, 0, false
for i = 1, tonumber(ARGV[13]) do
  local place = place_of(ARGV[next_argument], order, ties)
  place.ttl = tonumber(ARGV[next_argument + 1])
  place.card = call('ZCARD', place.standings)
  if place.dense then
    call('ZCARD', place.companion)
  elseif place.earliest then
    place.number = tonumber(call('HGET', place.companion, '') or 0)
  end
  if place.ttl then
    kept_for = math.max(kept_for, place.ttl)
  else
    has_all = true
  end
  place.outcome = {} -- of the change at hand: one table for all changes, made once
  places[i] = place
  next_argument = next_argument + 2
end
local counted = max_attempts and places[tonumber(ARGV[11])]
traces_of(order, ties, has_all, now)
local created = places[1].card == 0 and 1 or 0

-- Register periods that are written to for the first time, and let go of those that are over.
local function register(place)
  local form = order .. ' ' .. ties .. ' ' .. exact(now + place.ttl)
  if call('HGET', beside .. 'places', place.name) then
    return
  end
  let_go_of_what_is_over(now)
  call('HSET', beside .. 'places', place.name, form)
end

-- Look again at members whose time has come; a few at each call, so that none takes long.
local function sweep()
  local due = call('ZRANGEBYSCORE', UNTIL, '-inf', exact(now), 'LIMIT', 0, 20)
  for _, member in ipairs(due) do
    call('ZREM', UNTIL, member)
    settle_traces(member)
  end
end

local function take_off(place, member)
  local score, element = score_of(place, member)
  if not score then
    return 0
  end
  call('ZREM', place.standings, element)
  if place.earliest then
    call('HDEL', place.companion, member)
    if call('ZCARD', place.standings) == 0 then
      call('DEL', place.companion)
      place.number = 0
    end
  end
  drop_score(place, score)
  return 1
end

local function put(place, member, text, old, element)
  if place.earliest then
    if element then
      call('ZREM', place.standings, element)
    end
    place.number = place.number + 1
    place.numbered = true
    local prefix = struct.pack('>I6', place.asc and place.number or LAST_NUMBER - place.number)
    call('HSET', place.companion, member, prefix)
    element = prefix .. member
  else
    element = member
  end
  call('ZADD', place.standings, text, element)
  if place.dense then
    call('ZADD', place.companion, text, text)
    if old then
      drop_score(place, old)
    end
  end
  return element
end

-- Write the last numbers given: once for all changes, and before anything that reads or moves them.
local function write_numbers()
  for _, place in ipairs(places) do
    if place.numbered then
      call('HSET', place.companion, '', exact(place.number))
      place.numbered = false
    end
  end
end

local function cut_to_capacity(place)
  while call('ZCARD', place.standings) > capacity do
    settle_traces(pop_worst(place))
  end
end

-- What the change makes of each place's score: true, or nil and why it may not.
local function outcome_of(kind, number, member)
  if kind == 'i' and operator ~= 'increment' then
    return nil, 'operator'
  end
  local adds = kind ~= '=' and operator == 'increment'
  if adds and max_increment and math.abs(number) > max_increment then
    return nil, 'increment'
  end
  if counted and kind ~= '=' then
    if tonumber(call('HGET', counted.attempts, member) or 0) >= max_attempts then
      return nil, 'attempts'
    end
  end
  for i = 1, #places do
    local place = places[i]
    local old, element = score_of(place, member)
    local before = tonumber(old or 0)
    local outcome = place.outcome
    outcome.old, outcome.element, outcome.score, outcome.kept = old, element, number, false
    if adds then
      -- Not the sum alone: 2^53 + 1 rounds to 2^53, and an update would be acknowledged and lost.
      if number > LIMIT - before or number < -LIMIT - before then
        return nil, 'range'
      end
      outcome.score = before + number
    end
    if outcome.score < least or outcome.score > greatest then
      return nil, 'range'
    end
    if not old then
      outcome.better = true
    elseif operator == 'best' and kind ~= '=' then
      if place.asc then
        outcome.better = number < before
      else
        outcome.better = number > before
      end
      if not outcome.better then
        outcome.score = before
      end
    else
      outcome.better = outcome.score ~= before
    end
    outcome.text = exact(outcome.score)
  end
  return true
end

local function stands_now()
  for i = 1, #places do
    if places[i].outcome.old then
      return true
    end
  end
  return false
end

local function keep_traces(member, metadata, at)
  if metadata ~= '' then
    call('HSET', METADATA, member, metadata)
    has_metadata = true
  end
  if track then
    local before = call('HGET', TRACK, member)
    local first = before and string.match(before, '^%S+') or at
    call('HSET', TRACK, member, first .. ' ' .. at)
    has_track = true
  end
  if not has_traces(member) or has_all and call('EXISTS', UNTIL) == 0 then
    return
  end
  if score_of(places[1], member) and not places[1].ttl then
    call('ZREM', UNTIL, member)
  else
    call('ZADD', UNTIL, 'GT', exact(now + kept_for), member)
  end
end

local function submit(member, kind, number, metadata, at)
  local allowed, refusal = outcome_of(kind, number, member)
  if not allowed then
    return false, false, refusal
  end
  -- Whoever was nowhere until now begins without what it had when it was here last.
  if has_traces(member) and not stands_now() and not stands_until(member) then
    forget(member)
  end
  if counted and kind ~= '=' then
    call('HINCRBY', counted.attempts, member, 1)
  end
  local kept = false
  for i = 1, #places do
    local place = places[i]
    local outcome = place.outcome
    if outcome.better then
      if place.ttl and place.card == 0 then
        register(place)
        place.card = 1
      end
      outcome.element = put(place, member, outcome.text, outcome.old, outcome.element)
      if capacity then
        cut_to_capacity(place)
      end
    end
    if not capacity or call('ZSCORE', place.standings, outcome.element) then
      kept = true
      outcome.kept = true
    end
  end
  if kept then
    keep_traces(member, metadata, at)
  end
  local first = places[1].outcome
  local rank = first.kept and rank_of(places[1], first.element, first.text) or false
  return first.text, rank, first.better and first.kept and 1 or 0
end

local function remove(member)
  local found = take_off(place_of('all', order, ties), member)
  for _, place in ipairs(places_at(now)) do
    found = found + take_off(place, member)
    call('HDEL', place.attempts, member)
  end
  call('HDEL', beside .. 'attempts:all', member)
  forget(member)
  for _, place in ipairs(places) do
    if place.earliest then
      place.number = tonumber(call('HGET', place.companion, '') or 0)
    end
  end
  return found
end

local function delete()
  local all = place_of('all', order, ties)
  local found = call('ZCARD', all.standings)
  unlink_place(all)
  local flat = call('HGETALL', beside .. 'places')
  for i = 1, #flat, 2 do
    local old_order, old_ties, expiry = string.match(flat[i + 1], '^(%a+) (%a+) (.+)$')
    local place = place_of(flat[i], old_order, old_ties)
    if expiry == 'never' or tonumber(expiry) > now then
      found = found + call('ZCARD', place.standings)
    end
    unlink_place(place)
  end
  call('UNLINK', beside .. 'places', METADATA, TRACK, UNTIL, beside .. 'rules')
  return found
end

local function place_of_window(window)
  for _, place in ipairs(places) do
    if window == '' or place.name == window or sub(place.name, 1, #window + 1) == window .. '/' then
      return place
    end
  end
end

local function archive(place, name)
  local card = call('ZCARD', place.standings)
  if card == 0 then
    return 0
  end
  local aside = place_of('archive/' .. name, order, ties)
  if call('HEXISTS', beside .. 'places', aside.name) == 1 then
    return false
  end
  call('RENAME', place.standings, aside.standings)
  call('PERSIST', aside.standings)
  if place.companion then
    call('RENAME', place.companion, aside.companion)
    call('PERSIST', aside.companion)
  end
  call('UNLINK', place.attempts)
  call('HDEL', beside .. 'places', place.name)
  call('HSET', beside .. 'places', aside.name, order .. ' ' .. ties .. ' never', '', 'asc member 0')
  call('PERSIST', METADATA)
  call('PERSIST', TRACK)
  place.number, place.card = 0, 0
  return card
end

if has_metadata or has_track then
  sweep()
end
local replies, argv, last = {created}, ARGV, 1
for i = next_argument, #argv, 4 do
  local member, change, metadata, at = argv[i], argv[i + 1], argv[i + 2], argv[i + 3]
  local kind = sub(change, 1, 1)
  local a, b, c = 0, 0, 0
  if kind == 'x' or kind == '!' or kind == 'a' then
    write_numbers()
  end
  if kind == 'x' then
    a = remove(member)
  elseif kind == '!' then
    a = delete()
  elseif kind == 'a' then
    local place = place_of_window(sub(change, 2))
    a = place and archive(place, member) or false
    if not a then
      b, c = false, place and 'exists' or 'window'
    end
  elseif kind ~= 'n' then
    a, b, c = submit(member, kind, tonumber(sub(change, 2)), metadata, at)
  end
  replies[last + 1], replies[last + 2], replies[last + 3] = a, b, c
  last = last + 3
end
write_numbers()

-- What belongs to a period goes with it; what belongs to members of periods alone goes with the last of these.
local function expire(key, ttl)
  if call('PTTL', key) == -1 then
    call('PEXPIRE', key, exact(ttl + GRACE))
  end
end

for _, place in ipairs(places) do
  if place.ttl then
    expire(place.standings, place.ttl)
    expire(place.attempts, place.ttl)
    if place.companion then
      expire(place.companion, place.ttl)
    end
  end
end
if not has_all and (has_metadata or has_track) and call('HEXISTS', beside .. 'places', '') == 0 then
  for _, key in ipairs({METADATA, TRACK, UNTIL}) do
    call('PEXPIRE', key, exact(kept_for + GRACE))
  end
end
return replies
