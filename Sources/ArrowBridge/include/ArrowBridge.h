// The plain C face of Apache Arrow and Parquet. HorizonStore is the only user.
//
// No exception crosses it. A call that can fail returns an `ab_status`; when that is not `ab_ok` and `message` is not
// null, `*message` is a text that the caller frees with `ab_free`. Handles are used by one thread at a time.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ab_status {
  ab_ok = 0,
  ab_io,                // the system refused to open, read or write
  ab_empty,             // a file without a byte, or without a header
  ab_foreign,           // not Parquet or delimited text, or damaged
  ab_conversion,        // a value is not of the asked type, or a row has a wrong number of fields
  ab_missing_column,    // an asked column is not there
  ab_ambiguous_column,  // an asked column is there more than once
  ab_unsupported_type,  // a column can never be handed over as asked
  ab_memory,
  ab_defect
} ab_status;

typedef enum ab_type {
  ab_none = -1,
  ab_text = 0,
  ab_key,
  ab_double,
  ab_float,
  ab_int32,
  ab_int64,
  ab_bool,
  ab_time,   // microseconds since 1970 UTC, 64 bits
  ab_date,   // days since 1970, 32 bits
  ab_binary  // any bytes, handed over as ab_text is
} ab_type;

typedef struct ab_column {
  const char *name;
  ab_type type;
  bool nullable;
  bool is_list;  // a row holds any number of values of the type; in an Arrow stream only
} ab_column;

// `count` strings end to end: string i is bytes[offsets[i] ..< offsets[i + 1]], and null where `is_null` is not null and
// is_null[i] is not 0.
typedef struct ab_strings {
  int64_t count;
  const int32_t *offsets;
  const char *bytes;
  const uint8_t *is_null;
} ab_strings;

void ab_free(void *pointer);

// Threads of Arrow's own pool, for the whole process.
void ab_set_threads(int count);

// Gives back to the system what is free: after much was held for a while.
void ab_release_memory(void);

// --- What a file holds

typedef struct ab_field {
  char *name;
  ab_type type;  // ab_text, ab_double, ab_time, ab_bool, or ab_none where nothing fits
  bool all_null;
} ab_field;

typedef struct ab_summary {
  bool is_parquet;
  char delimiter;  // of delimited text
  int64_t rows;    // of Parquet, else -1
  int64_t field_count;
  ab_field *fields;
} ab_summary;

ab_status ab_summary_of(const char *path, ab_summary **summary, char **message);
void ab_summary_free(ab_summary *summary);

// A Parquet file with its footer read. Unlike other handles any number of threads may use one, also when the file has lost
// its name meanwhile.
typedef struct ab_file ab_file;

ab_status ab_file_open(const char *path, ab_file **file, char **message);
void ab_file_free(ab_file *file);

typedef struct ab_row_group {
  int64_t rows;
  char *min;  // null where the file has no statistics
  char *max;
} ab_row_group;

ab_status ab_row_groups(const ab_file *file, const char *column, ab_row_group **groups, int64_t *count, char **message);
void ab_row_groups_free(ab_row_group *groups, int64_t count);

// The value that a Parquet file's footer holds under a key, which the caller frees with `ab_free`; null when there is none.
ab_status ab_metadata(const ab_file *file, const char *key, char **value, char **message);

// Sets lines[i] to the physical line, counted from 1, on which data record records[i], counted from 0, begins; 0 where
// the file ends before it. `records` must ascend.
ab_status ab_line_numbers(const char *path, const int64_t *records, int64_t count, int64_t *lines, char **message);

// --- Reading

typedef struct ab_reader ab_reader;
typedef struct ab_batch ab_batch;

typedef struct ab_skipped_row {
  int64_t record;    // counted from 0
  int32_t expected;  // fields
  int32_t actual;    // fields; 0 when a quoted value never ends
  const char *text;  // lives as long as the reader
  int64_t text_length;
} ab_skipped_row;

// `group_count` < 0 reads all row groups.
ab_status ab_reader_parquet(const ab_file *file, const ab_column *columns, int column_count, const int *groups,
                            int group_count, int threads, ab_reader **reader, char **message);
ab_status ab_reader_csv(const char *path, const ab_column *columns, int column_count, char delimiter, bool lenient,
                        int threads, ab_reader **reader, char **message);
// An Arrow IPC stream from a descriptor, which stays the caller's, or from memory that lives as long as the reader. Columns that are
// nullable may be missing: they are null then. Nothing in the stream is trusted.
ab_status ab_reader_stream(int descriptor, const ab_column *columns, int column_count, ab_reader **reader, char **message);
ab_status ab_reader_stream_memory(const uint8_t *bytes, int64_t count, const ab_column *columns, int column_count,
                                  ab_reader **reader, char **message);
// `*batch` is null at the end.
ab_status ab_reader_next(ab_reader *reader, ab_batch **batch, char **message);
int64_t ab_reader_key_count(const ab_reader *reader, int column);
// The names with codes from `first` on; valid until the next call with this reader.
ab_strings ab_reader_keys(ab_reader *reader, int column, int64_t first);
int64_t ab_reader_skipped_count(const ab_reader *reader);
// Record numbers of all skipped rows, ascending; valid until the next call with this reader.
const int64_t *ab_reader_skipped_records(const ab_reader *reader);
// At most the first 1,000 are kept with their text.
int64_t ab_reader_skipped_kept(const ab_reader *reader);
ab_skipped_row ab_reader_skipped(const ab_reader *reader, int64_t index);
void ab_reader_free(ab_reader *reader);

int64_t ab_batch_rows(const ab_batch *batch);
// One value a row in the C type of the asked type, nulls as NaN, the least integer, -1 for codes, 2 for booleans.
// Null for text.
const void *ab_batch_values(const ab_batch *batch, int column);
ab_strings ab_batch_strings(const ab_batch *batch, int column);
// Of a list column: row i holds the values offsets[i] ..< offsets[i + 1].
const int32_t *ab_batch_offsets(const ab_batch *batch, int column);
void ab_batch_free(ab_batch *batch);

// --- Writing

typedef struct ab_writer ab_writer;

// The values of one column. Text and key columns give `codes` into `names`, -1 for null; others one value a row in the
// C type of the column, nulls as above. A list column gives as many values as its last offset says.
typedef struct ab_values {
  const void *values;
  ab_strings names;
  const int32_t *offsets;
} ab_values;

ab_status ab_writer_open(const char *path, const ab_column *columns, int column_count, const char *const *metadata_keys,
                         const char *const *metadata_values, int metadata_count, ab_writer **writer, char **message);

typedef enum ab_format { ab_parquet = 0, ab_arrow_stream } ab_format;

// A writer into memory.
ab_status ab_writer_open_memory(ab_format format, const ab_column *columns, int column_count, ab_writer **writer,
                                char **message);
// An Arrow IPC stream into a descriptor, which stays the caller's.
ab_status ab_writer_open_stream(int descriptor, const ab_column *columns, int column_count, ab_writer **writer,
                                char **message);
// Writes one row group, a record batch of a stream; nothing is kept of the memory afterwards.
ab_status ab_writer_append(ab_writer *writer, const ab_values *columns, int64_t rows, char **message);
// Writes the footer and brings all to the disk.
ab_status ab_writer_close(ab_writer *writer, char **message);
// What was written into memory, once closed; lives as long as the writer.
const uint8_t *ab_writer_bytes(const ab_writer *writer, int64_t *count);
// Without a close before, the file stays without a footer.
void ab_writer_free(ab_writer *writer);

// --- Compressing

// The bytes as one gzip member, which the caller frees with `ab_free`. Level 1 is fast, 9 is small.
ab_status ab_gzip(const uint8_t *bytes, int64_t count, int level, uint8_t **packed, int64_t *packed_count, char **message);
// Unpacks a gzip member of known content length into `bytes`.
ab_status ab_gunzip(const uint8_t *packed, int64_t packed_count, uint8_t *bytes, int64_t count, char **message);

#ifdef __cplusplus
}
#endif

#include "ObjectStore.h"
