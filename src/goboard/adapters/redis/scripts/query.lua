-- Questions about a board by its rules, all of one moment.
--
-- KEYS[1]  the board
-- ARGV     the rules' tag, the server's run; then each question: what is asked, the place, its order, its ties, how many arguments, and
--          these. An archive has the order and ties that it was made with, whatever is said here.
-- Replies an answer for each question, as said at each; or {"stale", rules}.

local stale = outdated(ARGV[1])
if stale then
  return stale
end

local LIMIT = 9007199254740992 -- 2^53
local METADATA, TRACK = beside .. 'metadata', beside .. 'track'

-- Entries in a row: the position and the rank of the first, elements with scores, and metadata where asked for.
local function run(place, first, last, with_metadata)
  if first < 0 or last < first then
    return {0, 0, place.ties, {}, {}}
  end
  local elements = call(place.asc and 'ZRANGE' or 'ZREVRANGE', place.standings, exact(first), exact(last), 'WITHSCORES')
  local metadata = {}
  if #elements == 0 then
    return {0, 0, place.ties, {}, {}}
  end
  if with_metadata == '1' then
    for i = 1, #elements, 2 do
      metadata[#metadata + 1] = call('HGET', METADATA, name_of(place, elements[i]))
    end
  end
  return {first, rank_of(place, elements[1], elements[2], first), place.ties, elements, metadata}
end

-- Compare bytes: Lua's own comparison follows the server's locale.
local function less(a, b)
  local shared = math.min(#a, #b)
  for i = 1, shared do
    local x, y = byte(a, i), byte(b, i)
    if x ~= y then
      return x < y
    end
  end
  return #a < #b
end

-- How many stand before where an element with this score stands, or would stand.
local function before(place, score, element)
  local low = better(place, score)
  local high = low + equal(place, score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local found = call(place.asc and 'ZRANGE' or 'ZREVRANGE', place.standings, middle, middle)[1]
    local stands_before
    if place.asc then
      stands_before = less(found, element)
    else
      stands_before = less(element, found)
    end
    if stands_before then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

-- The position of the first entry whose rank is at least this.
local function position_of_rank(place, rank)
  local card = call('ZCARD', place.standings)
  if place.dense then
    local position = exact(rank - 1)
    local score = call(place.asc and 'ZRANGE' or 'ZREVRANGE', place.companion, position, position)[1]
    return score and better(place, score) or card
  elseif rank > card then
    return card
  elseif not place.shared then
    return rank - 1
  end
  local position = exact(rank - 1)
  local score = call(place.asc and 'ZRANGE' or 'ZREVRANGE', place.standings, position, position, 'WITHSCORES')[2]
  local first = better(place, score)
  return first == rank - 1 and first or first + equal(place, score)
end

local answers = {}

-- Arguments: none. Answers how many members there are.
function answers.count(place)
  return call('ZCARD', place.standings)
end

-- Arguments: how many, whether with metadata. Answers a run.
function answers.top(place, limit, with_metadata)
  return run(place, 0, tonumber(limit) - 1, with_metadata)
end

-- Arguments: the member. Answers its score and rank, or nil.
function answers.rank(place, member)
  local score, element = score_of(place, member)
  return score and {score, rank_of(place, element, score)}
end

-- Arguments: the member. Answers score, rank, members, those worse, metadata, track; or nil.
function answers.member(place, member)
  local score, element = score_of(place, member)
  if not score then
    return false
  end
  return {
    score,
    rank_of(place, element, score),
    call('ZCARD', place.standings),
    worse(place, score),
    call('HGET', METADATA, member),
    call('HGET', TRACK, member),
  }
end

-- Arguments: the member, how many above and below, whether with metadata. Answers a run.
function answers.around(place, member, above, below, with_metadata)
  local score, element = score_of(place, member)
  if not score then
    return run(place, 0, -1)
  end
  local position = position_of(place, element)
  return run(place, math.max(0, position - tonumber(above)), position + tonumber(below), with_metadata)
end

-- Arguments: whether with metadata, members. Answers four for each: score, rank, position, metadata; nils where absent.
function answers.lookup(place, with_metadata, ...)
  local found = {}
  for i, member in ipairs({...}) do
    local score, element = score_of(place, member)
    local position = score and position_of(place, element)
    found[4 * i - 3] = score
    found[4 * i - 2] = score and rank_of(place, element, score, position)
    found[4 * i - 1] = position
    found[4 * i] = score and with_metadata == '1' and call('HGET', METADATA, member)
  end
  return found
end

-- Arguments: how many, whether with metadata, the least and the greatest score, a rank to begin at, "f" or "b" where
-- there is a cursor, its score, its element; each "" where it is not given. Answers a run, whether there are entries in
-- the range before it, and whether there are after it.
function answers.page(place, limit, with_metadata, least, greatest, rank, way, score, element)
  limit = tonumber(limit)
  local low, high = 0, call('ZCARD', place.standings)
  if place.asc then
    least, greatest = greatest, least
  end
  if greatest ~= '' then
    low = better(place, greatest)
  end
  if least ~= '' then
    high = high - worse(place, least)
  end
  high = math.max(low, high)
  local first, stop = low, high
  if way == 'b' then
    if score ~= '' then
      stop = math.min(high, before(place, score, element))
    end
    first = math.max(low, stop - limit)
  else
    if rank ~= '' then
      first = math.max(low, position_of_rank(place, tonumber(rank)))
    elseif score ~= '' then
      local stands = call('ZSCORE', place.standings, element)
      local at = before(place, score, element)
      first = math.max(low, stands and tonumber(stands) == tonumber(score) and at + 1 or at)
    end
    stop = math.min(high, first + limit)
  end
  first = math.min(first, high)
  return {run(place, first, stop - 1, with_metadata), first > low and 1 or 0, stop < high and 1 or 0}
end

-- Arguments: how many bars, then percentiles. Answers how many members there are, then, where there are any, the least
-- and the greatest score, the scores at the percentiles, the bars' edges, and how many are in each.
function answers.stats(place, bins, ...)
  local card = call('ZCARD', place.standings)
  if card == 0 then
    return {0}
  end
  local least = call('ZRANGE', place.standings, 0, 0, 'WITHSCORES')[2]
  local greatest = call('ZREVRANGE', place.standings, 0, 0, 'WITHSCORES')[2]
  local scores, edges, counts = {}, {}, {}
  for i, percentile in ipairs({...}) do
    local from_worst = math.max(1, math.ceil(tonumber(percentile) * card / 100)) - 1
    scores[i] = call(place.asc and 'ZREVRANGE' or 'ZRANGE', place.standings, from_worst, from_worst, 'WITHSCORES')[2]
  end
  -- What go-board stored beyond 2^53, infinity too, is in the outermost bars.
  local low, high, bars = math.max(tonumber(least), -LIMIT), math.min(tonumber(greatest), LIMIT), tonumber(bins)
  if low >= high then
    return {card, least, greatest, scores, {least, greatest}, {card}}
  end
  for i = 0, bars do
    edges[i + 1] = exact(i == bars and high or low + i * (high - low) / bars)
  end
  for i = 1, bars do
    counts[i] = call('ZCOUNT', place.standings, i == 1 and '-inf' or edges[i], i == bars and '+inf' or '(' .. edges[i + 1])
  end
  return {card, least, greatest, scores, edges, counts}
end

-- Arguments: the time in ms. Answers name and form of each period and archive that has members and can be read.
function answers.places(_, now)
  local found = {}
  for _, place in ipairs(places_at(tonumber(now))) do
    if call('ZCARD', place.standings) > 0 then
      found[#found + 1] = place.name
    end
  end
  return found
end

-- Arguments: another question and its own. Answers the board's epoch, its version's number, and what that answers.
function answers.seen(place, asked, ...)
  local version = call('HMGET', beside .. 'version', 'epoch', 'number')
  return {(version[1] or '') .. '-' .. ARGV[2], tonumber(version[2] or 0), answers[asked](place, ...)}
end

local replies, i = {}, 3
while i <= #ARGV do
  local order, ties = ARGV[i + 2], ARGV[i + 3]
  if sub(ARGV[i + 1], 1, 8) == 'archive/' then
    local form = call('HGET', beside .. 'places', ARGV[i + 1])
    if form then
      order, ties = string.match(form, '^(%a+) (%a+) ')
    end
  end
  local place, count = place_of(ARGV[i + 1], order, ties), tonumber(ARGV[i + 4])
  replies[#replies + 1] = answers[ARGV[i]](place, unpack(ARGV, i + 5, i + 4 + count))
  i = i + 5 + count
end
return replies
