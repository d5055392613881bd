#include <arrow/buffer.h>

#include <cstring>
#include <deque>
#include <future>

#include "CsvBlock.hpp"
#include "Delimited.hpp"
#include "Guard.hpp"
#include "Reader.hpp"

namespace bridge {
namespace {

std::shared_ptr<arrow::DataType> storage(ab_type type) {
  switch (type) {
    case ab_text: return arrow::utf8();
    case ab_key: return arrow::dictionary(arrow::int32(), arrow::utf8());
    case ab_double: return arrow::float64();
    case ab_float: return arrow::float32();
    case ab_int32: return arrow::int32();
    case ab_int64: return arrow::int64();
    case ab_bool: return arrow::boolean();
    case ab_date: return arrow::date32();
    case ab_time: return arrow::timestamp(arrow::TimeUnit::MICRO);
    case ab_binary:
    case ab_none: break;
  }
  throw Failure(ab_defect, "an unknown column type was asked for");
}

/// Cuts the text into blocks of whole records and parses as many of them at a time as there are threads; the order of
/// the file is kept. Arrow's own streaming reader parses on one thread.
class CsvReader final : public ab_reader {
 public:
  CsvReader(const char *path, const ab_column *columns, int count, char delimiter, bool lenient, int threads)
      : ab_reader(columns, count), text_(path, delimiter), lenient_(lenient), threads_(lenient ? 1 : threads) {
    format_.width = static_cast<int>(text_.header().size());
    format_.delimiter = text_.delimiter();
    format_.lenient = lenient;
    auto where = positions(asked, text_.header());
    for (size_t i = 0; i < asked.size(); i++) format_.columns.push_back({where[i], storage(asked[i].type)});
    decideZones();
  }

 protected:
  std::shared_ptr<arrow::RecordBatch> read() override {
    while (true) {
      while (!atEnd_ && parsing_.size() < static_cast<size_t>(threads_)) start();
      if (parsing_.empty()) return nullptr;
      auto front = std::move(parsing_.front());
      parsing_.pop_front();
      auto parsed = front.get();
      for (auto &row : parsed.skipped) {
        row.record += records_;
        skippedRecords.push_back(row.record);
        if (skipped.size() < skippedRowsKept) skipped.push_back(std::move(row));
      }
      const int64_t rows = parsed.batch == nullptr ? 0 : parsed.batch->num_rows();
      records_ += rows + static_cast<int64_t>(parsed.skipped.size());
      if (rows > 0) return parsed.batch;
    }
  }

 private:
  void start() {
    auto block = first_.bytes != nullptr ? std::exchange(first_, {}) : text_.next(blockSize, lenient_);
    if (block.bytes == nullptr) {
      atEnd_ = true;
      return;
    }
    auto policy = threads_ > 1 ? std::launch::async : std::launch::deferred;
    parsing_.push_back(std::async(policy, [this, block = std::move(block)] { return parsed(block, format_); }));
  }

  /// A time column holds either zoned or plain times throughout; the first block tells which.
  void decideZones() {
    bool hasTimes = false;
    for (const auto &column : asked) hasTimes |= column.type == ab_time;
    if (!hasTimes) return;
    first_ = text_.next(blockSize, lenient_);
    if (first_.bytes == nullptr) return;
    auto look = format_;
    for (size_t i = 0; i < asked.size(); i++) {
      if (asked[i].type == ab_time) look.columns[i].type = nullptr;
    }
    look.lenient = true;
    const auto sample = parsed({arrow::SliceBuffer(first_.bytes, 0, sampleEnd(*first_.bytes)), {}, false}, look).batch;
    for (size_t i = 0; sample != nullptr && i < asked.size(); i++) {
      const auto &type = *sample->column(static_cast<int>(i))->type();
      if (asked[i].type == ab_time && type.id() == arrow::Type::TIMESTAMP &&
          !static_cast<const arrow::TimestampType &>(type).timezone().empty()) {
        format_.columns[i].type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
      }
    }
  }

  static int64_t sampleEnd(const arrow::Buffer &bytes) {
    const auto limit = std::min<int64_t>(bytes.size(), 1 << 16);
    const auto *end = static_cast<const uint8_t *>(::memrchr(bytes.data(), '\n', static_cast<size_t>(limit)));
    return end == nullptr ? bytes.size() : end + 1 - bytes.data();
  }

  DelimitedText text_;
  bool lenient_;
  int threads_;
  bool atEnd_ = false;
  CsvFormat format_;
  DelimitedText::Block first_;
  /// Data records of the blocks handed over.
  int64_t records_ = 0;
  /// The last member: going away, it waits for what still reads the others.
  std::deque<std::future<CsvBlock>> parsing_;
};

}  // namespace
}  // namespace bridge

ab_status ab_reader_csv(const char *path, const ab_column *columns, int column_count, char delimiter, bool lenient,
                        int threads, ab_reader **reader, char **message) {
  *reader = nullptr;
  return bridge::guarded(message, ab_foreign, [&] {
    *reader = new bridge::CsvReader(path, columns, column_count, delimiter, lenient, threads);
  });
}
