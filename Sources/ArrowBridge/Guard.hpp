#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "ArrowBridge.h"

namespace bridge {

/// A failure with the status that the caller is to see.
struct Failure : std::runtime_error {
  ab_status status;
  Failure(ab_status status, const std::string &what) : std::runtime_error(what), status(status) {}
};

/// What a failed Arrow status means where `invalid` tells what invalid data means.
inline ab_status meaning(const arrow::Status &status, ab_status invalid) {
  if (status.IsOutOfMemory() || status.IsCapacityError()) return ab_memory;
  // Under a memory limit the stack of a thread is the first that finds no room.
  if (status.message().find("launch worker thread") != std::string::npos) return ab_memory;
  if (status.IsIOError()) return invalid == ab_foreign ? ab_foreign : ab_io;
  if (status.IsTypeError() || status.IsNotImplemented()) return ab_unsupported_type;
  return invalid;
}

/// What happened, with the system's reason, which Arrow keeps apart as "[errno 28] No space left on device".
inline std::string text(const arrow::Status &status) {
  if (!status.IsIOError() || status.detail() == nullptr) return status.message();
  const auto reason = status.detail()->ToString();
  const auto end = reason.find("] ");
  return status.message() + ": " + (end == std::string::npos ? reason : reason.substr(end + 2));
}

inline void check(const arrow::Status &status, ab_status invalid) {
  if (!status.ok()) throw Failure(meaning(status, invalid), text(status));
}

template <typename T>
T take(arrow::Result<T> result, ab_status invalid) {
  check(result.status(), invalid);
  return std::move(result).ValueUnsafe();
}

inline char *copied(const std::string &text) {
  auto copy = static_cast<char *>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

inline ab_status failed(ab_status status, const char *what, char **message) noexcept {
  if (message != nullptr) *message = strdup(what);
  return status;
}

/// Runs `body`; every exception becomes a status. `unknown` is the status of exceptions from libraries.
template <typename Body>
ab_status guarded(char **message, ab_status unknown, Body &&body) noexcept {
  if (message != nullptr) *message = nullptr;
  try {
    body();
    return ab_ok;
  } catch (const Failure &failure) {
    return failed(failure.status, failure.what(), message);
  } catch (const std::bad_alloc &) {
    return failed(ab_memory, "out of memory", message);
  } catch (const std::exception &error) {
    return failed(unknown, error.what(), message);
  } catch (...) {
    return failed(ab_defect, "an unknown failure in the native library", message);
  }
}

}  // namespace bridge
