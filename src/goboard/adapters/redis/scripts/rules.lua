-- Changes of a board's rules. While the key `moving` holds the token of such a change, no writes are taken; it is gone
-- some seconds after the last step of a change that was broken off, which then has left nothing behind.
--
-- KEYS[1]  the board
-- ARGV     the step, the token, the time in ms, and the arguments said at each step
-- Replies as said at each step, or {"busy"} where another change is under way, or this one took too long.

local MOVING, PLACES, RULES = beside .. 'moving', beside .. 'places', beside .. 'rules'
local step, token, now = ARGV[1], ARGV[2], tonumber(ARGV[3])
local PATIENCE = 10000 -- ms from one step to the next
local steps = {}

local function form_of(stored)
  if not stored then
    return 'desc', 'member'
  end
  local rules = cjson.decode(string.match(stored, '\n(.*)$'))
  return rules.order, rules.ties
end

-- Where a place's standings are made anew.
local function made_anew(name, order, ties)
  local place = place_of(name, order, ties)
  place.standings = beside .. 'new:standings:' .. name
  place.companion = place.companion and beside .. 'new:companion:' .. name
  return place
end

-- Begins. Replies the rules as they are stored, then name, order, ties, and number of members of each place that is no
-- archive.
function steps.begin()
  if not call('SET', MOVING, token, 'NX', 'PX', PATIENCE) then
    return {'busy'}
  end
  local stored = call('GET', RULES)
  local order, ties = form_of(stored)
  let_go_of_what_is_over(now)
  local all = place_of('all', order, ties)
  local found = {stored or '', 'all', order, ties, call('ZCARD', all.standings)}
  for _, place in ipairs(places_at(now)) do
    if sub(place.name, 1, 8) ~= 'archive/' then
      for _, value in ipairs({place.name, place.order, place.ties, call('ZCARD', place.standings)}) do
        found[#found + 1] = value
      end
    end
  end
  return found
end

-- Gives up. Replies 1.
steps['end'] = function()
  call('DEL', MOVING)
  return {1}
end

-- Makes a part of a place's standings anew in another form. Arguments: the place, its order and ties, those that it is
-- to have, the position of the first, how many. Where ties go by `earliest`, who stood higher counts as earlier.
-- Replies how many.
function steps.copy()
  local old, new = place_of(ARGV[4], ARGV[5], ARGV[6]), made_anew(ARGV[4], ARGV[7], ARGV[8])
  local first, last = tonumber(ARGV[9]), tonumber(ARGV[9]) + tonumber(ARGV[10]) - 1
  local found = call(old.asc and 'ZRANGE' or 'ZREVRANGE', old.standings, first, last, 'WITHSCORES')
  for i = 1, #found, 2 do
    local element, score = name_of(old, found[i]), found[i + 1]
    if new.earliest then
      local number = first + (i + 1) / 2
      local prefix = struct.pack('>I6', new.asc and number or LAST_NUMBER - number)
      call('HSET', new.companion, element, prefix, '', exact(number))
      element = prefix .. element
    elseif new.dense then
      call('ZADD', new.companion, score, exact(tonumber(score)))
    end
    call('ZADD', new.standings, score, element)
  end
  call('PEXPIRE', MOVING, PATIENCE)
  call('PEXPIRE', new.standings, PATIENCE)
  if new.companion then
    call('PEXPIRE', new.companion, PATIENCE)
  end
  return {#found / 2}
end

-- Takes the worst off standings that were made anew. Arguments: the place, its new order and ties, how many are to stay,
-- how many at most are to go now. Replies how many did.
function steps.trim()
  local place, gone = made_anew(ARGV[4], ARGV[5], ARGV[6]), 0
  while gone < tonumber(ARGV[8]) and call('ZCARD', place.standings) > tonumber(ARGV[7]) do
    pop_worst(place)
    gone = gone + 1
  end
  call('PEXPIRE', MOVING, PATIENCE)
  return {gone}
end

local function expire(key, expiry)
  if expiry == 'never' then
    call('PERSIST', key)
  else
    call('PEXPIRE', key, exact(tonumber(expiry) - now + GRACE))
  end
end

local function set_aside(old)
  local aside = beside .. 'old:' .. old.name
  call('UNLINK', aside)
  if call('EXISTS', old.standings) == 1 then
    call('RENAME', old.standings, aside)
    call('PEXPIRE', aside, 3600000) -- an hour, where the change breaks off here
  end
end

local function put_in_place(old, new)
  call('UNLINK', old.standings)
  if old.companion then
    call('UNLINK', old.companion)
  end
  local anew = made_anew(new.name, new.order, new.ties)
  call('RENAME', anew.standings, new.standings)
  if new.companion then
    call('RENAME', anew.companion, new.companion)
  end
end

-- Sets the rules, with the standings that were made anew. Arguments: the rules as they are stored; their order and ties;
-- "1" where they have the window `all`; "1" where they track updates; then for each place: its name, old order and ties,
-- what becomes of it ("stays"; "anew"; "fewer": anew, with fewer members; "goes"), and when it can be read no more (ms,
-- or "never"). Where members may have metadata or track, standings that go or lose members are kept under `old:` until
-- it was looked whether these members stand elsewhere. Replies 1.
function steps.put()
  raise_version()
  local order, ties = ARGV[5], ARGV[6]
  for i = 9, #ARGV, 5 do
    local old, fate, expiry = place_of(ARGV[i], ARGV[i + 1], ARGV[i + 2]), ARGV[i + 3], ARGV[i + 4]
    local new = place_of(ARGV[i], order, ties)
    if (fate == 'fewer' or fate == 'goes') and (has_metadata or has_track) then
      set_aside(old)
    end
    if fate == 'goes' then
      unlink_place(old)
      call('HDEL', PLACES, old.name)
    else
      if fate ~= 'stays' then
        put_in_place(old, new)
      end
      for _, key in ipairs({new.standings, new.attempts, new.companion}) do
        expire(key, expiry)
      end
      if new.name ~= 'all' then
        call('HSET', PLACES, new.name, order .. ' ' .. ties .. ' ' .. expiry)
      end
    end
  end
  if ARGV[7] == '1' then
    call('PERSIST', METADATA)
    call('PERSIST', TRACK)
  end
  if ARGV[8] ~= '1' then
    call('UNLINK', TRACK)
  end
  call('SET', RULES, ARGV[4])
  call('DEL', MOVING)
  return {1}
end

-- Looks at some members of standings that are no more, whether they stand elsewhere. Arguments: the place, its old ties,
-- how many; order and ties of the rules now, and "1" where they have the window `all`. Replies how many.
function steps.sweep()
  local old, aside = place_of(ARGV[4], 'desc', ARGV[5]), beside .. 'old:' .. ARGV[4]
  traces_of(ARGV[7], ARGV[8], ARGV[9] == '1', now)
  local found = call('ZRANGE', aside, 0, tonumber(ARGV[6]) - 1)
  for _, element in ipairs(found) do
    settle_traces(name_of(old, element))
    call('ZREM', aside, element)
  end
  return {#found}
end

if step ~= 'begin' and step ~= 'sweep' and call('GET', MOVING) ~= token then
  return {'busy'}
end
return steps[step]()
