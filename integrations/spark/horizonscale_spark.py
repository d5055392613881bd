"""HorizonScale on Apache Spark: the contest and the forecasts of a fleet on all executors of a cluster.

    spark-submit --archives horizonscale.tar.gz#horizonscale horizonscale_spark.py \\
        --workspace /srv/fleet --stage s3a://lake/fleet/stage [--readings s3a://lake/fleet/master] [-- --models fast --horizon 90]

The driver has the workspace with its master, plans the run there (which trains what learns from the fleet, once), decides, and writes the
finished run: tables, risks and report, the bytes that one machine would write. Between, every executor runs `horizonscale worker`
on the series that Spark hands it. Executors need Java and Python with pyarrow; HorizonScale comes with the job. docs/scale.md has
sizes, docs/worker.md the streams.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile

import pyarrow as pa
import pyarrow.compute as pc

# What the archive of --archives is unpacked as on every executor.
ARCHIVE = "horizonscale"
# Series that one worker process is handed: enough that its start costs little, few enough that what it takes down with it is soon found.
BLOCK = 512
# Rows of whole series in an Arrow batch to the driver: each has tens of kilobytes, and the usual ten thousand do not fit a small executor.
ROWS_OF_SERIES = 256
# Ends of a worker that say something of the plan or the install, not of a series.
NOT_A_SERIES = {64, 66, 78}
SECONDS_PER_SERIES, SECONDS_TO_START = 5, 120

READINGS = ["server", "resource", "time", "value", "capacity"]
LEVELS = ["q05", "q10", "q25", "q50", "q75", "q90", "q95"]
CONTESTED = "server string, resource string, status string, reason string, digest binary"
PUBLISHED = (
    "server string, resource string, status string, reason string, model string, cutoff timestamp, mean array<float>, "
    + ", ".join(f"{level} array<float>" for level in LEVELS)
    + ", tier array<string>, risk_threshold array<double>, risk_severity array<string>, risk_tier array<string>, risk_current array<double>, "
    "risk_headroom array<double>, risk_p_breach_30d array<float>, risk_p_breach_60d array<float>, risk_p_breach_90d array<float>, "
    "risk_p_breach_180d array<float>, risk_days_to_breach_p10 array<double>, risk_days_to_breach_p50 array<double>, "
    "risk_days_to_breach_p90 array<double>, risk_order_by array<date>, risk_recommended_capacity array<double>, "
    "risk_reclaimable array<double>, risk_reason array<string>"
)


# --- on the executors -----------------------------------------------------------------------------------------------------


class WorkerEnded(Exception):
    """A worker process that came to no good end with the series it had."""


def series_starts(table):
    """Places of the first rows of each series; rows of one stand together."""
    if table.num_rows == 0:
        return []
    changed = None
    for name in ("server", "resource"):
        column = table.column(name).combine_chunks()
        differs = pc.fill_null(pc.not_equal(column.slice(1), column.slice(0, len(column) - 1)), True)
        changed = differs if changed is None else pc.or_(changed, differs)
    return [0] + [i + 1 for i in pc.indices_nonzero(changed).to_pylist()]


def blocks(batches, size):
    """Tables of at most `size` whole series."""
    waiting = None
    for batch in batches:
        table = pa.Table.from_batches([batch])
        waiting = table if waiting is None else pa.concat_tables([waiting, table])
        starts = series_starts(waiting)
        # The last one may go on in the next batch.
        while len(starts) > size:
            yield waiting.slice(0, starts[size])
            waiting = waiting.slice(starts[size])
            starts = [s - starts[size] for s in starts[size:]]
    if waiting is not None and waiting.num_rows > 0:
        yield waiting


def stream_of(table):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def answer(command, table, series):
    """The rows that a worker of its own makes of some series."""
    try:
        done = subprocess.run(command, input=stream_of(table), capture_output=True, timeout=SECONDS_TO_START + SECONDS_PER_SERIES * series)
    except subprocess.TimeoutExpired:
        raise WorkerEnded("the worker did not end in time")
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode in NOT_A_SERIES:
        raise RuntimeError(f"horizonscale worker cannot work here (exit {done.returncode}): {said}")
    if done.returncode != 0:
        how = f"was ended by signal {-done.returncode}" if done.returncode < 0 else f"ended with {done.returncode}"
        raise WorkerEnded(f"the worker {how}" + (f": {said}" if said else ""))
    try:
        return pa.ipc.open_stream(done.stdout).read_all()
    except pa.ArrowInvalid as error:
        raise WorkerEnded(f"the worker's answer cannot be read: {error}")


def failed_row(table, reason, schema):
    row = {name: [] if pa.types.is_list(schema.field(name).type) else None for name in schema.names}
    row |= {"server": table["server"][0].as_py() or "", "resource": table["resource"][0].as_py() or "", "status": "failed", "reason": reason}
    return pa.Table.from_pylist([row], schema=schema)


def answers(command, table, schema):
    """The same, and where a worker dies of a series, that series costs its row and no other: the others are asked again in halves."""
    starts = series_starts(table)
    try:
        yield answer(command, table, len(starts)).cast(schema)
    except WorkerEnded as error:
        if len(starts) <= 1:
            yield failed_row(table, str(error), schema)
            return
        middle = starts[len(starts) // 2]
        yield from answers(command, table.slice(0, middle), schema)
        yield from answers(command, table.slice(middle), schema)


def phase(arguments, schema, files):
    """A function for mapInArrow that runs a phase of the worker.

    `arguments` are those of the phase, with the names of files that were shipped in braces; `files` names the shipped ones.
    """

    def run(batches):
        from pyspark import SparkFiles

        places = {name: SparkFiles.get(file) for name, file in files.items()}
        binary = places["binary"] if "binary" in places else os.path.join(ARCHIVE, "bin", "horizonscale")
        command = [binary, "worker", *[a.format(**places) for a in arguments], "--threads", "1", "--quiet"]
        checked = False
        for block in blocks(batches, BLOCK):
            if not checked:
                # A plan that cannot be read, or a binary that does not start, is no fault of any series.
                try:
                    answer(command, block.slice(0, 0), 0)
                except WorkerEnded as error:
                    raise RuntimeError(f"{' '.join(command)}: {error}")
                checked = True
            for table in answers(command, block, schema):
                yield from table.to_batches(max_chunksize=BLOCK)

    return run


def packed(batches):
    """Every batch as a row with its Arrow message: rows of lists would cost the driver a Python object a value."""
    for batch in batches:
        yield pa.RecordBatch.from_arrays([pa.array([batch.serialize().to_pybytes()], pa.binary())], ["message"])


# --- on the driver --------------------------------------------------------------------------------------------------------


def say(*words):
    print("horizonscale:", *words, file=sys.stderr, flush=True)


class Driver:
    def __init__(self, spark, options, flags):
        self.spark, self.options, self.flags = spark, options, flags
        self.scratch = tempfile.mkdtemp(prefix="horizonscale-plan-")
        self.plan = os.path.join(self.scratch, "plan")
        self.files = {"plan": "plan"}

    def horizonscale(self, phase, *arguments, rows=None):
        """A phase where the workspace is, with rows of a DataFrame as its standard input."""
        command = [self.options.binary, "worker", "--phase", phase, "--plan", self.plan, *arguments]
        if phase != "publish":
            command += ["--workspace", self.options.workspace]
        say(" ".join(command))
        process = subprocess.Popen(command, stdin=subprocess.PIPE if rows is not None else subprocess.DEVNULL)
        if rows is not None:
            try:
                self.send(rows, process.stdin)
                process.stdin.close()
            except BrokenPipeError:
                pass  # its exit status says why
        if process.wait() != 0:
            sys.exit(f"horizonscale: --phase {phase} ended with {process.returncode}")

    def send(self, rows, pipe):
        """A DataFrame as an Arrow stream, sorted as the driver's phases want it."""
        ordered = rows.orderBy("resource", "server")
        schema = pa.schema([arrow_field(f) for f in rows.schema.fields])
        sink = pa.BufferOutputStream()
        pa.ipc.new_stream(sink, schema).close()
        # A stream ends with eight bytes that say so: they come last.
        begin = sink.getvalue().to_pybytes()
        pipe.write(begin[:-8])
        with self.rows_a_batch(ROWS_OF_SERIES):
            for row in ordered.mapInArrow(packed, "message binary").toLocalIterator(prefetchPartitions=True):
                pipe.write(row.message)
        pipe.write(begin[-8:])

    @contextlib.contextmanager
    def rows_a_batch(self, count):
        name = "spark.sql.execution.arrow.maxRecordsPerBatch"
        before = self.spark.conf.get(name)
        self.spark.conf.set(name, str(count))
        yield
        self.spark.conf.set(name, before)

    def staged(self, name, rows):
        """Written before it is sorted: else Spark would run the workers once more to find out where to cut."""
        path = f"{self.options.stage.rstrip('/')}/{name}"
        rows.write.mode("overwrite").parquet(path)
        return self.spark.read.parquet(path)

    def readings(self):
        """The master by series, the rows of each in their order."""
        master = self.options.readings or os.path.join(self.options.workspace, "master")
        rows = self.spark.read.option("recursiveFileLookup", "false").option("pathGlobFilter", "*.parquet").parquet(master)
        for name in READINGS:
            if name not in rows.columns:
                sys.exit(f"horizonscale: {master} has no column '{name}': is this a master?")
        rows = rows.select(rows.server.cast("string"), rows.resource.cast("string"), "time", "value", "capacity")
        partitions = self.options.partitions or 4 * self.spark.sparkContext.defaultParallelism
        return rows.repartition(partitions, "resource", "server").sortWithinPartitions("resource", "server", "time")

    def run(self):
        context = self.spark.sparkContext
        self.horizonscale("plan", *self.flags)
        context.addArchive(shutil.make_archive(self.plan, "gztar", self.plan) + "#plan")
        if self.options.worker_binary:
            context.addFile(self.options.worker_binary)
            self.files["binary"] = os.path.basename(self.options.worker_binary)
        readings = self.readings()
        contested = readings.mapInArrow(phase(["--phase", "contest", "--plan", "{plan}"], arrow_schema(CONTESTED), self.files), CONTESTED)
        self.horizonscale("decide", rows=self.staged("contested", contested))
        context.addFile(os.path.join(self.plan, "decisions.bin"))
        files = self.files | {"decisions": "decisions.bin"}
        published = readings.mapInArrow(
            phase(["--phase", "publish", "--plan", "{plan}", "--decisions", "{decisions}"], arrow_schema(PUBLISHED), files), PUBLISHED)
        self.horizonscale("finish", rows=self.staged("published", published))


def arrow_type(name):
    plain = {"string": pa.string(), "binary": pa.binary(), "float": pa.float32(), "double": pa.float64(), "date": pa.date32(), "timestamp": pa.timestamp("us", "UTC")}
    return pa.list_(plain[name[6:-1]]) if name.startswith("array<") else plain[name]


def arrow_schema(ddl):
    return pa.schema([(name, arrow_type(kind)) for name, kind in (field.split(" ") for field in ddl.split(", "))])


def arrow_field(field):
    return pa.field(field.name, arrow_type(field.dataType.simpleString()))


def main():
    from pyspark.sql import SparkSession

    arguments, flags = sys.argv[1:], []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, flags = arguments[:at], arguments[at + 1:]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog="What follows -- goes to 'horizonscale worker --phase plan'.")
    parser.add_argument("--workspace", required=True, help="where the master is and the run goes, on the driver")
    parser.add_argument("--stage", required=True, help="folder that driver and executors reach, for what passes between them")
    parser.add_argument("--readings", help="the master as the executors reach it (default: that of the workspace)")
    parser.add_argument("--binary", default="horizonscale", help="HorizonScale on the driver (default: horizonscale)")
    parser.add_argument("--worker-binary", help="a file to run on the executors in place of the one in the archive")
    parser.add_argument("--partitions", type=int, help="tasks of a pass (default: 4 for each core)")
    options = parser.parse_args(arguments)
    spark = (SparkSession.builder.appName("HorizonScale").config("spark.sql.session.timeZone", "UTC")
             # A master's own types; a resource may be called like a number.
             .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
             .getOrCreate())
    driver = Driver(spark, options, flags)
    try:
        driver.run()
    finally:
        spark.stop()
        shutil.rmtree(driver.scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
