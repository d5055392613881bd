-- Requests from a file, one target a line, in its order; each thread begins at its own place. At the end one line of JSON.
local threads = 0

function setup(thread)
  thread:set("place", threads)
  threads = threads + 1
end

function init(args)
  targets = {}
  for line in io.lines(args[1]) do targets[#targets + 1] = line end
  at = math.floor(#targets * place / 2)
  if args[2] then wrk.headers["Accept-Encoding"] = args[2] end
end

function request()
  at = at % #targets + 1
  return wrk.format("GET", targets[at])
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.3f, "bytes": %d, "p50_ms": %.3f, "p90_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1e3, latency:percentile(90) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3, e.connect + e.read + e.write + e.status + e.timeout))
end
