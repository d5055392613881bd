#include <arrow/util/compression.h>

#include "Guard.hpp"

using namespace bridge;

namespace {

std::unique_ptr<arrow::util::Codec> codec(int level) {
  // The library's default for this codec is a gzip member.
  return take(arrow::util::Codec::Create(arrow::Compression::GZIP, level), ab_defect);
}

}  // namespace

ab_status ab_gzip(const uint8_t *bytes, int64_t count, int level, uint8_t **packed, int64_t *packed_count, char **message) {
  *packed = nullptr;
  *packed_count = 0;
  return guarded(message, ab_defect, [&] {
    auto gzip = codec(level);
    const auto most = gzip->MaxCompressedLen(count, bytes);
    auto out = static_cast<uint8_t *>(std::malloc(static_cast<size_t>(most)));
    if (out == nullptr) throw std::bad_alloc();
    auto length = gzip->Compress(count, bytes, most, out);
    if (!length.ok()) std::free(out);
    *packed_count = take(length, ab_defect);
    *packed = out;
  });
}

ab_status ab_gunzip(const uint8_t *packed, int64_t packed_count, uint8_t *bytes, int64_t count, char **message) {
  return guarded(message, ab_foreign, [&] {
    const auto length = take(codec(arrow::util::kUseDefaultCompressionLevel)->Decompress(packed_count, packed, count, bytes),
                             ab_foreign);
    if (length != count) throw Failure(ab_foreign, "a gzip member has another length than expected");
  });
}
