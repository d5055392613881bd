#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/util/key_value_metadata.h>
#include <arrow/util/thread_pool.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "Descriptor.hpp"
#include "Guard.hpp"

using namespace bridge;

struct ab_writer {
  struct Column {
    std::string name;
    ab_type type;
    bool nullable;
    bool isList;
  };
  std::vector<Column> columns;
  std::shared_ptr<const arrow::KeyValueMetadata> metadata;
  /// Text columns as dictionaries, which are not so on the disk.
  std::shared_ptr<arrow::Schema> schema;
  /// One of the three is there.
  std::shared_ptr<arrow::io::FileOutputStream> file;
  std::shared_ptr<arrow::io::BufferOutputStream> memory;
  std::shared_ptr<bridge::DescriptorOutput> descriptor;
  /// Opened by the first row group, whose values decide the encodings.
  std::unique_ptr<parquet::arrow::FileWriter> writer;
  /// In place of Parquet; text is plain in it.
  std::shared_ptr<arrow::ipc::RecordBatchWriter> stream;
  /// What was written, once closed.
  std::shared_ptr<arrow::Buffer> bytes;
  bool closed = false;

  std::shared_ptr<arrow::io::OutputStream> sink() const {
    if (file != nullptr) return file;
    return memory;
  }
};

namespace {

std::shared_ptr<arrow::DataType> onDisk(ab_type type) {
  switch (type) {
    case ab_text:
    case ab_key: return arrow::utf8();
    case ab_binary: return arrow::binary();
    case ab_double: return arrow::float64();
    case ab_float: return arrow::float32();
    case ab_int32: return arrow::int32();
    case ab_int64: return arrow::int64();
    case ab_bool: return arrow::boolean();
    case ab_time: return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case ab_date: return arrow::date32();
    case ab_none: break;
  }
  throw Failure(ab_defect, "a column cannot be written without a type");
}

bool isText(ab_type type) { return type == ab_text || type == ab_key; }

/// Whether values of an even sample repeat so often that a dictionary is smaller: readings rounded to a few digits do.
template <typename T>
bool repeats(const void *data, int64_t rows) {
  constexpr int64_t sampled = 1 << 14;
  const auto values = static_cast<const T *>(data);
  const int64_t count = std::min(rows, sampled);
  std::vector<T> sample(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; i++) {
    const T value = values[i * rows / count];
    sample[static_cast<size_t>(i)] = std::isnan(value) ? T{0} : value;
  }
  std::sort(sample.begin(), sample.end());
  const auto distinct = std::unique(sample.begin(), sample.end()) - sample.begin();
  return distinct <= count / 2;
}

/// Text and rounded readings repeat, so they get a dictionary; times and counters differ by small steps. Other floating numbers stay
/// plain: split by place of their bytes they would take a tenth less, but Apache Spark cannot read that.
std::shared_ptr<parquet::WriterProperties> properties(const std::vector<ab_writer::Column> &columns, const ab_values *first,
                                                      int64_t rows) {
  parquet::WriterProperties::Builder builder;
  builder.created_by("HorizonScale");
  builder.compression(parquet::Compression::ZSTD)->compression_level(1);
  builder.version(parquet::ParquetVersion::PARQUET_2_6);
  builder.max_row_group_length(std::numeric_limits<int32_t>::max());
  builder.dictionary_pagesize_limit(4 << 20);
  for (size_t i = 0; i < columns.size(); i++) {
    const auto &column = columns[i];
    const void *values = first == nullptr ? nullptr : first[i].values;
    switch (column.type) {
      case ab_double:
      case ab_float:
        if (column.type == ab_double ? repeats<double>(values, rows) : repeats<float>(values, rows)) break;
        builder.disable_dictionary(column.name);
        break;
      case ab_int32:
      case ab_int64:
      case ab_time:
      case ab_date:
        builder.disable_dictionary(column.name)->encoding(column.name, parquet::Encoding::DELTA_BINARY_PACKED);
        break;
      default: break;
    }
  }
  return builder.build();
}

void open(ab_writer &writer, const ab_values *first, int64_t rows) {
  auto threaded = parquet::ArrowWriterProperties::Builder().set_use_threads(true)->build();
  writer.writer = take(parquet::arrow::FileWriter::Open(*writer.schema, arrow::default_memory_pool(), writer.sink(),
                                                        properties(writer.columns, first, rows), threaded), ab_io);
  if (writer.metadata != nullptr) check(writer.writer->AddKeyValueMetadata(writer.metadata), ab_defect);
}

template <typename T>
std::shared_ptr<arrow::Buffer> wrapped(const T *values, int64_t count) {
  return arrow::Buffer::Wrap(values, static_cast<size_t>(count));
}

struct Validity {
  std::shared_ptr<arrow::Buffer> bits;
  int64_t nulls = 0;
};

template <typename T, typename IsNull>
Validity validity(const T *values, int64_t rows, bool nullable, IsNull isNull) {
  Validity result;
  if (!nullable) return result;
  for (int64_t i = 0; i < rows; i++) result.nulls += isNull(values[i]) ? 1 : 0;
  if (result.nulls == 0) return result;
  auto bits = std::shared_ptr<arrow::Buffer>(take(arrow::AllocateEmptyBitmap(rows), ab_memory));
  for (int64_t i = 0; i < rows; i++) {
    if (!isNull(values[i])) bits->mutable_data()[i >> 3] |= static_cast<uint8_t>(1 << (i & 7));
  }
  result.bits = bits;
  return result;
}

template <typename T>
std::shared_ptr<arrow::Array> fixed(const ab_writer::Column &column, const void *data, int64_t rows) {
  const auto values = static_cast<const T *>(data);
  auto valid = validity(values, rows, column.nullable, [](T value) {
    if constexpr (std::is_floating_point_v<T>) return std::isnan(value);
    return value == std::numeric_limits<T>::min();
  });
  return arrow::MakeArray(arrow::ArrayData::Make(onDisk(column.type), rows, {valid.bits, wrapped(values, rows)}, valid.nulls));
}

std::shared_ptr<arrow::Array> flags(const ab_writer::Column &column, const void *data, int64_t rows) {
  const auto values = static_cast<const uint8_t *>(data);
  auto valid = validity(values, rows, column.nullable, [](uint8_t value) { return value == 2; });
  auto bits = std::shared_ptr<arrow::Buffer>(take(arrow::AllocateEmptyBitmap(rows), ab_memory));
  for (int64_t i = 0; i < rows; i++) {
    if (values[i] == 1) bits->mutable_data()[i >> 3] |= static_cast<uint8_t>(1 << (i & 7));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(arrow::boolean(), rows, {valid.bits, bits}, valid.nulls));
}

std::shared_ptr<arrow::Array> text(const ab_writer::Column &column, const ab_values &given, int64_t rows) {
  const auto codes = static_cast<const int32_t *>(given.values);
  const auto &names = given.names;
  auto valid = validity(codes, rows, column.nullable, [](int32_t code) { return code < 0; });
  auto dictionary = std::make_shared<arrow::StringArray>(
      names.count, wrapped(names.offsets, names.count + 1), wrapped(names.bytes, names.offsets[names.count]));
  auto indices = std::make_shared<arrow::Int32Array>(rows, wrapped(codes, rows), valid.bits, valid.nulls);
  return std::make_shared<arrow::DictionaryArray>(arrow::dictionary(arrow::int32(), arrow::utf8()), indices, dictionary);
}

template <typename Builder>
std::shared_ptr<arrow::Array> plain(const ab_values &given, int64_t rows) {
  const auto codes = static_cast<const int32_t *>(given.values);
  const auto &names = given.names;
  Builder builder;
  check(builder.Reserve(rows), ab_memory);
  for (int64_t i = 0; i < rows; i++) {
    if (codes[i] < 0) {
      check(builder.AppendNull(), ab_memory);
    } else {
      const auto start = names.offsets[codes[i]];
      check(builder.Append(names.bytes + start, names.offsets[codes[i] + 1] - start), ab_memory);
    }
  }
  return take(builder.Finish(), ab_memory);
}

std::shared_ptr<arrow::Array> array(const ab_writer::Column &column, const ab_values &given, int64_t rows, bool isPlain) {
  switch (column.type) {
    case ab_text:
    case ab_key: return isPlain ? plain<arrow::StringBuilder>(given, rows) : text(column, given, rows);
    case ab_binary: return plain<arrow::BinaryBuilder>(given, rows);
    case ab_double: return fixed<double>(column, given.values, rows);
    case ab_float: return fixed<float>(column, given.values, rows);
    case ab_int32:
    case ab_date: return fixed<int32_t>(column, given.values, rows);
    case ab_int64:
    case ab_time: return fixed<int64_t>(column, given.values, rows);
    case ab_bool: return flags(column, given.values, rows);
    case ab_none: break;
  }
  throw Failure(ab_defect, "a column cannot be written without a type");
}

std::shared_ptr<arrow::Array> lists(const ab_writer::Column &column, const ab_values &given, int64_t rows) {
  auto values = array(column, given, given.offsets[rows], true);
  auto type = arrow::list(arrow::field("item", onDisk(column.type), column.nullable));
  return std::make_shared<arrow::ListArray>(type, rows, wrapped(given.offsets, rows + 1), values);
}

}  // namespace

void ab_set_threads(int count) {
  (void)arrow::SetCpuThreadPoolCapacity(count < 1 ? 1 : count);
}

void ab_release_memory(void) {
  arrow::default_memory_pool()->ReleaseUnused();
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

namespace {

std::unique_ptr<ab_writer> writerOf(const ab_column *columns, int column_count, bool isPlain) {
  auto made = std::make_unique<ab_writer>();
  arrow::FieldVector fields;
  for (int i = 0; i < column_count; i++) {
    const auto &column = columns[i];
    if (column.is_list && !isPlain) throw Failure(ab_defect, "a table on the disk holds no lists");
    made->columns.push_back({column.name, column.type, column.nullable, column.is_list});
    auto type = isText(column.type) && !isPlain ? arrow::dictionary(arrow::int32(), arrow::utf8()) : onDisk(column.type);
    if (column.is_list) type = arrow::list(arrow::field("item", type, column.nullable));
    fields.push_back(arrow::field(column.name, type, column.nullable && !column.is_list));
  }
  made->schema = arrow::schema(fields);
  return made;
}

}  // namespace

ab_status ab_writer_open(const char *path, const ab_column *columns, int column_count, const char *const *metadata_keys,
                         const char *const *metadata_values, int metadata_count, ab_writer **writer, char **message) {
  *writer = nullptr;
  return guarded(message, ab_defect, [&] {
    auto made = writerOf(columns, column_count, false);
    if (metadata_count > 0) {
      auto metadata = std::make_shared<arrow::KeyValueMetadata>();
      for (int i = 0; i < metadata_count; i++) metadata->Append(metadata_keys[i], metadata_values[i]);
      made->metadata = metadata;
    }
    made->file = take(arrow::io::FileOutputStream::Open(path), ab_io);
    *writer = made.release();
  });
}

ab_status ab_writer_open_memory(ab_format format, const ab_column *columns, int column_count, ab_writer **writer,
                                char **message) {
  *writer = nullptr;
  return guarded(message, ab_defect, [&] {
    auto made = writerOf(columns, column_count, format == ab_arrow_stream);
    made->memory = take(arrow::io::BufferOutputStream::Create(1 << 16), ab_memory);
    if (format == ab_arrow_stream) made->stream = take(arrow::ipc::MakeStreamWriter(made->memory, made->schema), ab_defect);
    *writer = made.release();
  });
}

ab_status ab_writer_open_stream(int descriptor, const ab_column *columns, int column_count, ab_writer **writer,
                                char **message) {
  *writer = nullptr;
  return guarded(message, ab_io, [&] {
    auto made = writerOf(columns, column_count, true);
    made->descriptor = std::make_shared<DescriptorOutput>(descriptor);
    made->stream = take(arrow::ipc::MakeStreamWriter(made->descriptor, made->schema), ab_io);
    *writer = made.release();
  });
}

ab_status ab_writer_append(ab_writer *writer, const ab_values *columns, int64_t rows, char **message) {
  return guarded(message, ab_io, [&] {
    if (rows == 0) return;
    arrow::ArrayVector arrays;
    for (size_t i = 0; i < writer->columns.size(); i++) {
      const auto &column = writer->columns[i];
      arrays.push_back(column.isList ? lists(column, columns[i], rows)
                                     : array(column, columns[i], rows, writer->stream != nullptr));
    }
    if (writer->stream != nullptr) {
      check(writer->stream->WriteRecordBatch(*arrow::RecordBatch::Make(writer->schema, rows, arrays)), ab_io);
      return;
    }
    if (writer->writer == nullptr) open(*writer, columns, rows);
    check(writer->writer->NewBufferedRowGroup(), ab_io);
    check(writer->writer->WriteRecordBatch(*arrow::RecordBatch::Make(writer->schema, rows, arrays)), ab_io);
  });
}

ab_status ab_writer_close(ab_writer *writer, char **message) {
  return guarded(message, ab_io, [&] {
    if (writer->closed) return;
    if (writer->stream != nullptr) {
      check(writer->stream->Close(), ab_io);
      if (writer->memory != nullptr) writer->bytes = take(writer->memory->Finish(), ab_io);
      writer->closed = true;
      return;
    }
    if (writer->writer == nullptr) open(*writer, nullptr, 0);
    check(writer->writer->Close(), ab_io);
    if (writer->memory != nullptr) {
      writer->bytes = take(writer->memory->Finish(), ab_io);
      writer->closed = true;
      return;
    }
    check(writer->file->Flush(), ab_io);
    if (::fsync(writer->file->file_descriptor()) != 0) throw Failure(ab_io, std::strerror(errno));
    check(writer->file->Close(), ab_io);
    writer->closed = true;
  });
}

const uint8_t *ab_writer_bytes(const ab_writer *writer, int64_t *count) {
  *count = writer->bytes == nullptr ? 0 : writer->bytes->size();
  return writer->bytes == nullptr ? nullptr : writer->bytes->data();
}

void ab_writer_free(ab_writer *writer) {
  if (writer == nullptr) return;
  // The library would write a footer from its destructor; a closed file keeps it from that.
  if (!writer->closed && writer->file != nullptr) (void)writer->file->Close();
  try {
    writer->writer.reset();
  } catch (...) {
  }
  delete writer;
}
