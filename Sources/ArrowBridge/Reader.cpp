#include "Reader.hpp"

#include <algorithm>

#include "Guard.hpp"

using namespace bridge;

ab_reader::ab_reader(const ab_column *columns, int count) : keys(static_cast<size_t>(count)) {
  for (int i = 0; i < count; i++) asked.push_back({columns[i].name, columns[i].type, columns[i].nullable, columns[i].is_list});
}

std::unique_ptr<ab_batch> ab_reader::next() {
  while (pending_ == nullptr || pending_->num_rows() == 0) {
    pending_ = read();
    if (pending_ == nullptr) return nullptr;
  }
  auto now = pending_->num_rows() > rowLimit ? pending_->Slice(0, rowLimit) : pending_;
  pending_ = pending_->num_rows() > rowLimit ? pending_->Slice(rowLimit) : nullptr;
  auto batch = std::make_unique<ab_batch>();
  batch->rows = now->num_rows();
  for (size_t i = 0; i < asked.size(); i++) {
    try {
      const auto &column = now->column(static_cast<int>(i));
      batch->columns.push_back(asked[i].isList ? convertedLists(column, asked[i].type, keys[i])
                                               : converted(column, asked[i].type, keys[i]));
    } catch (const Failure &failure) {
      throw Failure(failure.status, "column '" + asked[i].name + "': " + failure.what());
    }
  }
  return batch;
}

std::vector<int> bridge::positions(const std::vector<ab_reader::Asked> &asked, const std::vector<std::string> &names) {
  std::vector<int> result;
  for (const auto &column : asked) {
    auto count = std::count(names.begin(), names.end(), column.name);
    if (count == 0) throw Failure(ab_missing_column, "there is no column '" + column.name + "'");
    if (count > 1) throw Failure(ab_ambiguous_column, "column '" + column.name + "' is there " + std::to_string(count) + " times");
    result.push_back(static_cast<int>(std::find(names.begin(), names.end(), column.name) - names.begin()));
  }
  return result;
}

ab_status ab_reader_next(ab_reader *reader, ab_batch **batch, char **message) {
  *batch = nullptr;
  return guarded(message, ab_foreign, [&] { *batch = reader->next().release(); });
}

int64_t ab_reader_key_count(const ab_reader *reader, int column) { return reader->keys[static_cast<size_t>(column)].count(); }

ab_strings ab_reader_keys(ab_reader *reader, int column, int64_t first) {
  return reader->keys[static_cast<size_t>(column)].from(first);
}

int64_t ab_reader_skipped_count(const ab_reader *reader) { return static_cast<int64_t>(reader->skippedRecords.size()); }
const int64_t *ab_reader_skipped_records(const ab_reader *reader) { return reader->skippedRecords.data(); }
int64_t ab_reader_skipped_kept(const ab_reader *reader) { return static_cast<int64_t>(reader->skipped.size()); }

ab_skipped_row ab_reader_skipped(const ab_reader *reader, int64_t index) {
  const auto &row = reader->skipped[static_cast<size_t>(index)];
  return {row.record, row.expected, row.actual, row.text.data(), static_cast<int64_t>(row.text.size())};
}

void ab_reader_free(ab_reader *reader) { delete reader; }

int64_t ab_batch_rows(const ab_batch *batch) { return batch->rows; }
const void *ab_batch_values(const ab_batch *batch, int column) { return batch->columns[static_cast<size_t>(column)].data; }
ab_strings ab_batch_strings(const ab_batch *batch, int column) { return batch->columns[static_cast<size_t>(column)].strings; }
const int32_t *ab_batch_offsets(const ab_batch *batch, int column) {
  return batch->columns[static_cast<size_t>(column)].offsets.get();
}
void ab_batch_free(ab_batch *batch) { delete batch; }
