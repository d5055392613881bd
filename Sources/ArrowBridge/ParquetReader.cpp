#include <arrow/util/config.h>

#include <algorithm>

#include "ParquetFile.hpp"
#include "Reader.hpp"

namespace bridge {
namespace {

class ParquetReader final : public ab_reader {
 public:
  ParquetReader(const ab_file &file, const ab_column *columns, int count, const int *groups, int groupCount, int threads)
      : ab_reader(columns, count) {
    auto builder = file.builder();
    const auto &metadata = file.metadata;
    parquet::ArrowReaderProperties properties(threads > 1);
    properties.set_batch_size(rowLimit);
    properties.set_pre_buffer(false);
    std::vector<int> leaves;
    for (int position : positions(asked, topLevelNames(*metadata))) {
      const int index = leaf(*metadata, position);
      const auto &column = asked[leaves.size()];
      if (index < 0) throw Failure(ab_unsupported_type, "column '" + column.name + "' is nested");
      const bool isText = metadata->schema()->Column(index)->physical_type() == parquet::Type::BYTE_ARRAY;
      if (column.type == ab_key && isText) properties.set_read_dictionary(index, true);
      leaves.push_back(index);
    }
    check(builder.properties(properties)->Build(&file_), ab_foreign);

    std::vector<int> wanted(groups, groups + std::max(groupCount, 0));
    for (int i = 0; groupCount < 0 && i < metadata->num_row_groups(); i++) wanted.push_back(i);
    auto distinct = leaves;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    for (int index : leaves) {
      places_.push_back(static_cast<int>(std::lower_bound(distinct.begin(), distinct.end(), index) - distinct.begin()));
    }
#if ARROW_VERSION_MAJOR >= 21
    batches_ = take(file_->GetRecordBatchReader(wanted, distinct), ab_foreign);
#else
    check(file_->GetRecordBatchReader(wanted, distinct, &batches_), ab_foreign);
#endif
  }

 protected:
  std::shared_ptr<arrow::RecordBatch> read() override {
    std::shared_ptr<arrow::RecordBatch> batch;
    check(batches_->ReadNext(&batch), ab_foreign);
    if (batch == nullptr) return nullptr;
    std::vector<std::shared_ptr<arrow::Field>> fields;
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (int place : places_) {
      fields.push_back(batch->schema()->field(place));
      columns.push_back(batch->column(place));
    }
    return arrow::RecordBatch::Make(arrow::schema(fields), batch->num_rows(), columns);
  }

 private:
  std::unique_ptr<parquet::arrow::FileReader> file_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  /// Where the asked columns stand in a batch of the file.
  std::vector<int> places_;
};

}  // namespace
}  // namespace bridge

ab_status ab_file_open(const char *path, ab_file **file, char **message) {
  *file = nullptr;
  return bridge::guarded(message, ab_foreign, [&] { *file = new ab_file(path); });
}

void ab_file_free(ab_file *file) { delete file; }

ab_status ab_reader_parquet(const ab_file *file, const ab_column *columns, int column_count, const int *groups,
                            int group_count, int threads, ab_reader **reader, char **message) {
  *reader = nullptr;
  return bridge::guarded(message, ab_foreign, [&] {
    *reader = new bridge::ParquetReader(*file, columns, column_count, groups, group_count, threads);
  });
}
