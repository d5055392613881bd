#include "CsvBlock.hpp"

#include <arrow/csv/api.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>

#include <limits>

#include "Guard.hpp"

namespace bridge {

CsvBlock parsed(const DelimitedText::Block &block, const CsvFormat &format) {
  CsvBlock result;
  if (block.bytes->size() > 0) {
    auto read = arrow::csv::ReadOptions::Defaults();
    read.use_threads = false;
    read.block_size = static_cast<int32_t>(std::min<int64_t>(block.bytes->size() + 1, std::numeric_limits<int32_t>::max()));
    for (int i = 0; i < format.width; i++) read.column_names.push_back(std::to_string(i));

    auto parse = arrow::csv::ParseOptions::Defaults();
    parse.delimiter = format.delimiter;
    // Else a single column's empty lines would be values in one place and nothing in another.
    parse.ignore_empty_lines = true;
    if (format.lenient) {
      parse.invalid_row_handler = [&result](const arrow::csv::InvalidRow &row) {
        result.skipped.push_back({row.number - 1, row.expected_columns, row.actual_columns, std::string(row.text)});
        return arrow::csv::InvalidRowResult::Skip;
      };
    }

    auto convert = arrow::csv::ConvertOptions::Defaults();
    convert.check_utf8 = !format.lenient;
    convert.strings_can_be_null = false;
    for (const auto &column : format.columns) {
      auto name = std::to_string(column.position);
      convert.include_columns.push_back(name);
      if (column.type != nullptr) convert.column_types[name] = column.type;
    }

    auto input = std::make_shared<arrow::io::BufferReader>(block.bytes);
    auto reader = take(arrow::csv::TableReader::Make(arrow::io::default_io_context(), input, read, parse, convert), ab_conversion);
    auto table = take(reader->Read(), ab_conversion);
    result.batch = take(table->CombineChunksToBatch(), ab_conversion);
  }
  if (block.hasUnclosed) {
    const int64_t rows = result.batch == nullptr ? 0 : result.batch->num_rows();
    result.skipped.push_back({rows + static_cast<int64_t>(result.skipped.size()), format.width, 0, block.unclosed});
  }
  return result;
}

}  // namespace bridge
