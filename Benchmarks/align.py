"""Series of a master moved in time so that all end together: python Benchmarks/align.py WORKSPACE OUT.parquet

Series of a public set end in different years, and a run has one as-of. Each is moved as a whole, by weeks at steps of a day or
more and by days at finer ones, so that all end within the last week or day of the set: hours of the day, and from a day on days of
the week, stay what they were, and every series counts as live. Values, gaps and lengths do not change. Readings are the master's: at the step,
in the unit and of the capacity that the product decided on. Needs numpy and pyarrow (scripts/peers).
"""

import glob
import json
import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import series

DAY = 86_400_000_000


def parts(workspace):
    """Tables of whole series, in order of server and time, with what the manifest says of their resource."""
    with open(os.path.join(workspace, "master/manifest.json")) as f:
        resources = json.load(f)["resources"]
    for r in resources:
        for part in sorted(glob.glob(os.path.join(glob.escape(os.path.join(workspace, "master", r["folder"])), "*.parquet"))):
            table = pq.ParquetFile(part).read(columns=["server", "time", "value", "capacity"])
            yield r, table.filter(pc.invert(pc.is_nan(table["value"])))


def main(workspace, out):
    read = list(parts(workspace))
    times = [pc.cast(table["time"], "int64").to_numpy() for _, table in read]
    end = max(t.max() for t in times)
    step = min(int(d[d > 0].min()) for d in map(np.diff, times))
    unit = 7 * DAY if step >= DAY else DAY
    tables = []
    for (r, table), time in zip(read, times):
        servers = table["server"].combine_chunks().dictionary_encode().indices.to_numpy()
        starts = np.flatnonzero(np.r_[True, servers[1:] != servers[:-1]])
        lengths = np.diff(np.r_[starts, len(servers)])
        moved = (end - time[starts + lengths - 1]) // unit * unit
        ceiling = "%" if isinstance(r["ceiling"], dict) and "constant" in r["ceiling"] else r.get("unit") or ""
        tables.append(pa.table({
            "server": table["server"].cast(pa.string()), "resource": pa.array([r["name"]] * len(table)),
            "time": pa.array(time + np.repeat(moved, lengths), pa.timestamp("us", "UTC")), "value": table["value"],
            "capacity": table["capacity"], "unit": pa.array([ceiling] * len(table))}))
    series.write_fleet(tables, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
