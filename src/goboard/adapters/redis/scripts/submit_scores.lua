-- What a submission does to scores.

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
