"""What a series costs on a small Spark cluster beside one machine, in CPU seconds of everything that runs. Called by Benchmarks/run spark.

Prints one JSON object. Wants what scripts/test-spark sets up, and a machine that does nothing else.
"""

import json
import os
import shutil
import sys
import tempfile
import time

from cluster import Cluster
from run import ROOT, Bench, finished, horizonscale, manifest


def busy_seconds():
    with open("/proc/stat") as f:
        user, nice, system, _, _, irq, softirq, steal = map(int, f.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def measured(body):
    begin, busy = time.monotonic(), busy_seconds()
    body()
    return {"wall_s": round(time.monotonic() - begin, 1), "cpu_s": round(busy_seconds() - busy, 1)}


def main():
    servers = int(sys.argv[1])
    folder = tempfile.mkdtemp(prefix="horizonscale-spark-cost-", dir=os.path.join(ROOT, ".build"))
    bench = Bench(folder)
    fleet = bench.fleet(servers)
    single, spark = bench.workspace("single", fleet), bench.workspace("spark", fleet)
    os.environ["HORIZONSCALE_FOLD_CACHE_GB"] = "0"
    one = measured(lambda: horizonscale("forecast", "--workspace", single))
    cluster = Cluster(os.path.join(folder, "cluster"), sys.executable)
    try:
        many = measured(lambda: finished(bench.submit(cluster, "cost", spark), cluster, "cost"))
    finally:
        cluster.stop()
    series = manifest(single)["counts"]["series"]
    print(json.dumps({"servers": servers, "series": series, "single": one, "spark": many, "equal": manifest(single)["digest"] == manifest(spark)["digest"]}))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
