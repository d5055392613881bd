"""The first readings of every series of masters, as one fleet: python Benchmarks/cuts.py READINGS OUT.parquet [PREFIX=]WORKSPACE...

Readings are the master's: at the step, in the unit and of the capacity that the product decided on. A prefix is put before the
servers' names. Needs numpy and pyarrow (scripts/peers).
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


def first_readings(workspace, readings, prefix):
    with open(os.path.join(workspace, "master/manifest.json")) as f:
        resources = json.load(f)["resources"]
    for r in resources:
        for part in sorted(glob.glob(os.path.join(glob.escape(os.path.join(workspace, "master", r["folder"])), "*.parquet"))):
            table = pq.ParquetFile(part).read(columns=["server", "time", "value", "capacity"])
            table = table.filter(pc.invert(pc.is_nan(table["value"])))
            servers = table["server"].combine_chunks().dictionary_encode().indices.to_numpy()
            first = np.flatnonzero(np.r_[True, servers[1:] != servers[:-1]])
            place = np.arange(len(servers)) - np.repeat(first, np.diff(np.r_[first, len(servers)]))
            table = table.filter(pa.array(place < readings))
            name = table["server"] if not prefix else pc.binary_join_element_wise(pa.scalar(prefix), table["server"], ".")
            unit = "%" if isinstance(r["ceiling"], dict) and "constant" in r["ceiling"] else r.get("unit") or ""
            yield pa.table({
                "server": name.cast(pa.string()), "resource": pa.array([r["name"]] * len(table)), "time": table["time"], "value": table["value"],
                "capacity": table["capacity"], "unit": pa.array([unit] * len(table))})


def main(readings, out, *sources):
    tables = []
    for source in sources:
        prefix, _, workspace = source.rpartition("=")
        tables += first_readings(workspace, int(readings), prefix)
    series.write_fleet(tables, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
