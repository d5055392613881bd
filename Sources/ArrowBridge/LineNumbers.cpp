#include <arrow/buffer.h>

#include <algorithm>

#include "Delimited.hpp"
#include "Guard.hpp"

using namespace bridge;

ab_status ab_line_numbers(const char *path, const int64_t *records, int64_t count, int64_t *lines, char **message) {
  return guarded(message, ab_foreign, [&] {
    std::fill_n(lines, count, 0);
    DelimitedText text(path, 0);
    int64_t record = 0, line = text.headerLines() + 1, found = 0;
    auto recordEnded = [&](bool blank, int64_t innerLines) {
      while (!blank && found < count && records[found] == record) lines[found++] = line;
      record += blank ? 0 : 1;
      line += 1 + innerLines;
    };
    // The same blocks as the lenient reader's, so that both count the same records.
    for (auto block = text.next(blockSize, true); block.bytes != nullptr && found < count; block = text.next(blockSize, true)) {
      RecordScanner scanner(text.delimiter());
      int64_t inner = 0;
      auto recordEnd = [&](const char *, bool blank) {
        recordEnded(blank, scanner.innerLines() - inner);
        inner = scanner.innerLines();
      };
      const auto begin = reinterpret_cast<const char *>(block.bytes->data()), end = begin + block.bytes->size();
      scanner.scan(begin, end, recordEnd);
      scanner.finish(end, recordEnd);
      if (block.hasUnclosed) recordEnded(false, 0);
    }
  });
}
