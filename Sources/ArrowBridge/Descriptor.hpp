#pragma once

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

namespace bridge {

/// A pipe, socket or file that is written from front to back; the descriptor stays the caller's.
class DescriptorOutput final : public arrow::io::OutputStream {
 public:
  explicit DescriptorOutput(int descriptor) : descriptor_(descriptor) {}

  arrow::Status Write(const void *data, int64_t count) override {
    auto from = static_cast<const char *>(data);
    while (count > 0) {
      const auto written = ::write(descriptor_, from, static_cast<size_t>(count));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return arrow::Status::IOError(std::strerror(errno));
      from += written;
      count -= written;
      position_ += written;
    }
    return arrow::Status::OK();
  }

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }

  arrow::Result<int64_t> Tell() const override { return position_; }
  bool closed() const override { return closed_; }

 private:
  int descriptor_;
  int64_t position_ = 0;
  bool closed_ = false;
};

/// A pipe, socket or file that is read from front to back; the descriptor stays the caller's.
///
/// A length in a forged stream may say anything, so memory grows with what has come and not with what was announced.
class DescriptorInput final : public arrow::io::InputStream {
 public:
  explicit DescriptorInput(int descriptor) : descriptor_(descriptor) {}

  arrow::Result<int64_t> Read(int64_t count, void *out) override {
    auto to = static_cast<char *>(out);
    int64_t done = 0;
    while (done < count) {
      const auto got = ::read(descriptor_, to + done, static_cast<size_t>(count - done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return arrow::Status::IOError(std::strerror(errno));
      if (got == 0) break;
      done += got;
    }
    position_ += done;
    return done;
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t count) override {
    constexpr int64_t piece = 8 << 20;
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(std::min(count, piece)));
    int64_t done = 0;
    while (done < count) {
      const auto wanted = std::min(count - done, std::max(piece, done));
      ARROW_RETURN_NOT_OK(buffer->Resize(done + wanted, false));
      ARROW_ASSIGN_OR_RAISE(const auto got, Read(wanted, buffer->mutable_data() + done));
      done += got;
      if (got < wanted) break;
    }
    ARROW_RETURN_NOT_OK(buffer->Resize(done, false));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }

  arrow::Result<int64_t> Tell() const override { return position_; }
  bool closed() const override { return closed_; }

 private:
  int descriptor_;
  int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace bridge
