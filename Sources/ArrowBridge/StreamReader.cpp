#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include <algorithm>

#include "Descriptor.hpp"
#include "Guard.hpp"
#include "Reader.hpp"

namespace bridge {
namespace {

/// What compressed buffers of streams unpack into. How large they become is said by the stream, which may say anything, and is taken at
/// once: a gigabyte for all that are there at a time is several times what a batch of readings needs.
arrow::MemoryPool *unpacked() {
  static arrow::ProxyMemoryPool counted(arrow::default_memory_pool());
  static arrow::CappedMemoryPool capped(&counted, 1'000'000'000);
  return &capped;
}

/// An Arrow IPC stream from somebody else: every batch is checked before its values are touched.
class StreamReader final : public ab_reader {
 public:
  StreamReader(std::shared_ptr<arrow::io::InputStream> input, const ab_column *columns, int count)
      : ab_reader(columns, count) {
    auto options = arrow::ipc::IpcReadOptions::Defaults();
    options.use_threads = false;
    options.memory_pool = unpacked();
    options.max_recursion_depth = 8;
    batches_ = take(arrow::ipc::RecordBatchStreamReader::Open(std::move(input), options), ab_foreign);
    const auto names = batches_->schema()->field_names();
    std::vector<Asked> there;
    for (const auto &column : asked) {
      const bool isThere = std::count(names.begin(), names.end(), column.name) > 0;
      if (isThere || !column.isNullable) there.push_back(column);
      places_.push_back(isThere ? 0 : -1);
    }
    const auto found = positions(there, names);
    size_t next = 0;
    for (auto &place : places_) {
      if (place >= 0) place = found[next++];
    }
  }

 protected:
  std::shared_ptr<arrow::RecordBatch> read() override {
    std::shared_ptr<arrow::RecordBatch> batch;
    check(batches_->ReadNext(&batch), ab_foreign);
    if (batch == nullptr) return nullptr;
    check(batch->ValidateFull(), ab_foreign);
    std::vector<std::shared_ptr<arrow::Field>> fields;
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (size_t i = 0; i < places_.size(); i++) {
      auto column = places_[i] >= 0 ? batch->column(places_[i])
                                    : take(arrow::MakeArrayOfNull(arrow::null(), batch->num_rows()), ab_memory);
      fields.push_back(arrow::field(asked[i].name, column->type()));
      columns.push_back(std::move(column));
    }
    return arrow::RecordBatch::Make(arrow::schema(fields), batch->num_rows(), columns);
  }

 private:
  std::shared_ptr<arrow::ipc::RecordBatchStreamReader> batches_;
  /// Where the asked columns stand in a batch; -1 where one is missing.
  std::vector<int> places_;
};

}  // namespace
}  // namespace bridge

ab_status ab_reader_stream(int descriptor, const ab_column *columns, int column_count, ab_reader **reader, char **message) {
  *reader = nullptr;
  return bridge::guarded(message, ab_foreign, [&] {
    *reader = new bridge::StreamReader(std::make_shared<bridge::DescriptorInput>(descriptor), columns, column_count);
  });
}

ab_status ab_reader_stream_memory(const uint8_t *bytes, int64_t count, const ab_column *columns, int column_count,
                                  ab_reader **reader, char **message) {
  *reader = nullptr;
  return bridge::guarded(message, ab_foreign, [&] {
    auto input = std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(bytes, count));
    *reader = new bridge::StreamReader(std::move(input), columns, column_count);
  });
}
