-- wrk's requests and its report. Arguments: the method, the body, the token, and a file of one path a line,
-- drawn and seeded by who wrote it. A request is made of each path before the run.

local requests = {}
local at = 0

function init(arguments)
  local method, body, token, paths = arguments[1], arguments[2], arguments[3], arguments[4]
  local headers = { ["Authorization"] = "Bearer " .. token }
  if body == "" then
    body = nil
  else
    headers["Content-Type"] = "application/json"
  end
  for path in io.lines(paths) do
    requests[#requests + 1] = wrk.format(method, path, headers, body)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, _)
  local errors = summary.errors
  -- `timeout` are requests answered too late: they are among `requests` as well.
  io.write(string.format(
    '\nJSON {"requests": %d, "refused": %d, "lost": %d, "microseconds": %d, "p50": %g, "p99": %g}\n',
    summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration, latency:percentile(50), latency:percentile(99)))
end
