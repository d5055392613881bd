#pragma once

#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bridge {

/// Bytes of the blocks that a file is read in; where a quote counts as never closed depends on it.
constexpr int64_t blockSize = 4 << 20;

/// Finds where records end, by the rules of Arrow's CSV parser: a quote opens a quoted value only at a value's start,
/// a doubled quote stays inside, a line end inside a quoted value belongs to it.
class RecordScanner {
 public:
  explicit RecordScanner(char delimiter) : delimiter_(delimiter) {}

  /// Called at the first byte after a record's line end; `blank` records hold nothing at all.
  template <typename RecordEnd>
  void scan(const char *begin, const char *end, RecordEnd &&recordEnd) {
    for (const char *at = begin; at < end; at++) {
      const char c = *at;
      if (swallowLineFeed_) {
        swallowLineFeed_ = false;
        if (c == '\n') {
          recordEnd(at + 1, blankBefore_);
          continue;
        }
        recordEnd(at, blankBefore_);
      }
      switch (state_) {
        case State::start:
          if (c == '"') {
            state_ = State::quoted;
            blank_ = false;
            continue;
          }
          break;
        case State::quoted:
          if (c == '\n') innerLines_++;
          if (c == '"') state_ = State::quoteInQuoted;
          continue;
        case State::quoteInQuoted:
          if (c == '"') {
            state_ = State::quoted;
            continue;
          }
          break;
        case State::plain:
          break;
      }
      if (c == '\n' || c == '\r') {
        state_ = State::start;
        const bool blank = blank_;
        blank_ = true;
        if (c == '\r') {
          swallowLineFeed_ = true;
          blankBefore_ = blank;
        } else {
          recordEnd(at + 1, blank);
        }
      } else {
        blank_ = false;
        state_ = c == delimiter_ ? State::start : State::plain;
      }
    }
  }

  /// Ends a last record without a line end.
  template <typename RecordEnd>
  void finish(const char *end, RecordEnd &&recordEnd) {
    if (swallowLineFeed_) {
      recordEnd(end, blankBefore_);
    } else if (!blank_ || state_ != State::start) {
      recordEnd(end, false);
    }
  }

  bool insideQuotes() const { return state_ == State::quoted; }
  /// Line ends inside quoted values so far.
  int64_t innerLines() const { return innerLines_; }

 private:
  enum class State { start, plain, quoted, quoteInQuoted };
  char delimiter_;
  State state_ = State::start;
  bool blank_ = true;
  bool swallowLineFeed_ = false;
  bool blankBefore_ = true;
  int64_t innerLines_ = 0;
};

/// Delimited text, decompressed where it begins like gzip, without a byte order mark, cut at ends of records.
class DelimitedText {
 public:
  /// With `delimiter` 0 it is guessed from the header among , ; tab and |.
  DelimitedText(const char *path, char delimiter);

  char delimiter() const { return delimiter_; }
  const std::vector<std::string> &header() const { return header_; }
  /// Physical lines up to the first data record, the header's among them.
  int64_t headerLines() const { return headerLines_; }

  struct Block {
    /// Null at the end; whole records.
    std::shared_ptr<arrow::Buffer> bytes;
    /// A record that opens a quote which never ends: its first line, which is not part of `bytes` and follows it.
    std::string unclosed;
    bool hasUnclosed = false;
  };
  /// The next whole records, about `size` bytes. A quote that never ends fails, or is cut out when `lenient`.
  Block next(int64_t size, bool lenient);

 private:
  bool fill(int64_t size);
  void readHeader();

  std::shared_ptr<arrow::io::InputStream> stream_;
  char delimiter_;
  /// Read, not yet handed over.
  std::string rest_;
  bool atEnd_ = false;
  std::vector<std::string> header_;
  int64_t headerLines_ = 0;
};

}  // namespace bridge
