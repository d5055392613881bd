#include "Delimited.hpp"

#include <arrow/buffer.h>
#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/util/compression.h>

#include <algorithm>
#include <cstring>

#include "Guard.hpp"

namespace bridge {
namespace {

constexpr int64_t headerLimit = 1 << 20;
/// A quoted value longer than this is taken for one that never ends.
constexpr int64_t quoteLimit = 8 << 20;

std::vector<std::string> fields(std::string_view record, char delimiter) {
  std::vector<std::string> result(1);
  bool quoted = false, start = true;
  for (size_t i = 0; i < record.size(); i++) {
    const char c = record[i];
    if (quoted) {
      if (c != '"') {
        result.back() += c;
      } else if (i + 1 < record.size() && record[i + 1] == '"') {
        result.back() += c;
        i++;
      } else {
        quoted = false;
      }
    } else if (c == '"' && start) {
      quoted = true;
      start = false;
    } else if (c == delimiter) {
      result.emplace_back();
      start = true;
    } else {
      result.back() += c;
      start = false;
    }
  }
  return result;
}

char guessed(std::string_view header) {
  char best = ',';
  size_t most = 1;
  for (char candidate : {',', ';', '\t', '|'}) {
    if (const size_t count = fields(header, candidate).size(); count > most) {
      best = candidate;
      most = count;
    }
  }
  return best;
}

}  // namespace

DelimitedText::DelimitedText(const char *path, char delimiter) : delimiter_(delimiter) {
  auto file = take(arrow::io::ReadableFile::Open(path), ab_io);
  auto magic = take(file->Read(2), ab_io);
  check(file->Seek(0), ab_io);
  stream_ = file;
  if (magic->size() == 2 && std::memcmp(magic->data(), "\x1f\x8b", 2) == 0) {
    auto codec = take(arrow::util::Codec::Create(arrow::Compression::GZIP), ab_defect);
    stream_ = take(arrow::io::CompressedInputStream::Make(codec.get(), file), ab_io);
  }
  readHeader();
}

bool DelimitedText::fill(int64_t size) {
  while (!atEnd_ && static_cast<int64_t>(rest_.size()) < size) {
    const auto before = rest_.size();
    rest_.resize(static_cast<size_t>(size));
    const auto count = take(stream_->Read(size - static_cast<int64_t>(before), rest_.data() + before), ab_foreign);
    rest_.resize(before + static_cast<size_t>(count));
    atEnd_ = count == 0;
  }
  return !rest_.empty();
}

void DelimitedText::readHeader() {
  if (!fill(headerLimit)) throw Failure(ab_empty, "the file is empty");
  if (rest_.starts_with("\xef\xbb\xbf")) rest_.erase(0, 3);
  if (rest_.starts_with("\xff\xfe") || rest_.starts_with("\xfe\xff")) throw Failure(ab_foreign, "the file is UTF-16 text");
  if (std::memchr(rest_.data(), 0, std::min<size_t>(rest_.size(), 4'096)) != nullptr) {
    throw Failure(ab_foreign, "the file is neither Parquet nor delimited text");
  }
  // The quotes of a header are the same for every delimiter that the guess may take.
  const char *begin = rest_.data();
  const char *recordBegin = begin, *headerEnd = nullptr;
  RecordScanner scanner(delimiter_ == 0 ? ',' : delimiter_);
  int64_t lines = 0;
  scanner.scan(begin, begin + rest_.size(), [&](const char *next, bool blank) {
    if (headerEnd != nullptr) return;
    lines++;
    if (!blank) {
      headerEnd = next;
      headerLines_ = lines + scanner.innerLines();
    } else {
      recordBegin = next;
    }
  });
  if (headerEnd == nullptr) {
    if (!atEnd_) throw Failure(ab_foreign, "the first line is longer than a header can be");
    headerEnd = begin + rest_.size();
    headerLines_ = lines + 1;
  }
  std::string_view record(recordBegin, static_cast<size_t>(headerEnd - recordBegin));
  while (!record.empty() && (record.back() == '\n' || record.back() == '\r')) record.remove_suffix(1);
  if (record.empty()) throw Failure(ab_empty, "the file holds nothing but blank lines");
  if (delimiter_ == 0) delimiter_ = guessed(record);
  header_ = fields(record, delimiter_);
  rest_.erase(0, static_cast<size_t>(headerEnd - begin));
}

DelimitedText::Block DelimitedText::next(int64_t size, bool lenient) {
  Block block;
  for (int64_t wanted = size;; wanted *= 2) {
    if (!fill(wanted)) return block;
    const char *begin = rest_.data(), *end = begin + rest_.size(), *cut = nullptr;
    bool unclosed = false;
    const bool mayCross = std::count(begin, end, '"') % 2 != 0 || lenient;
    if (atEnd_ && !mayCross) {
      cut = end;
    } else if (!mayCross && ::memrchr(begin, '\n', rest_.size()) != nullptr) {
      cut = static_cast<const char *>(::memrchr(begin, '\n', rest_.size())) + 1;
    } else {
      RecordScanner scanner(delimiter_);
      scanner.scan(begin, end, [&](const char *next, bool) { cut = next; });
      if (scanner.insideQuotes()) {
        const int64_t length = cut == nullptr ? end - begin : end - cut;
        unclosed = atEnd_ || length > quoteLimit;
      } else if (atEnd_) {
        cut = end;
      }
    }
    if (unclosed && !lenient) throw Failure(ab_conversion, "a quoted value is never closed");
    if (unclosed) {
      const char *record = cut == nullptr ? begin : cut;
      const auto *line = static_cast<const char *>(std::memchr(record, '\n', static_cast<size_t>(end - record)));
      block.hasUnclosed = true;
      block.unclosed = std::string(record, line == nullptr ? end : line);
      block.bytes = arrow::Buffer::FromString(std::string(begin, record));
      rest_.erase(0, static_cast<size_t>((line == nullptr ? end : line + 1) - begin));
      return block;
    }
    if (cut == nullptr) {
      if (wanted > (int64_t{1} << 29)) throw Failure(ab_foreign, "the file has lines longer than 512 MB");
      continue;
    }
    std::string kept(cut, end);
    rest_.resize(static_cast<size_t>(cut - begin));
    block.bytes = arrow::Buffer::FromString(std::move(rest_));
    rest_ = std::move(kept);
    return block;
  }
}

}  // namespace bridge
