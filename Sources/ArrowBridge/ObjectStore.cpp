#include <arrow/buffer.h>
#include <arrow/filesystem/s3fs.h>
#include <arrow/io/file.h>
#include <arrow/util/config.h>
#include <arrow/util/io_util.h>
#include <arrow/util/key_value_metadata.h>

#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <type_traits>
#include <vector>

#include "Guard.hpp"

using namespace bridge;
namespace fs = arrow::fs;

namespace {

using Clock = std::chrono::steady_clock;

/// Bytes of one request, for reading and for writing.
constexpr int64_t transferSize = 8 << 20;

/// Arrow's S3, opened when it is first needed: a command that names no store does not pay for it.
///
/// Headers and library are of one version. Members are called as functions that are given their object first, as all
/// compilers for Linux have them.
struct S3Library {
  fs::S3GlobalOptions (*globalDefaults)();
  arrow::Status (*initialize)(const fs::S3GlobalOptions &);
  arrow::Status (*finalize)();
  fs::S3Options (*defaults)();
  fs::S3Options (*anonymous)();
  arrow::Result<std::string> (*regionOf)(const std::string &bucket);
  arrow::Result<std::shared_ptr<fs::S3FileSystem>> (*make)(const fs::S3Options &, const arrow::io::IOContext &);
  std::string (*region)(const fs::S3FileSystem *);
  fs::S3Options (*options)(const fs::S3FileSystem *);
  std::string (*key)(const fs::S3Options *);
  std::string (*secret)(const fs::S3Options *);
  std::string (*token)(const fs::S3Options *);

  static const S3Library &shared() {
    static const S3Library library;
    return library;
  }

 private:
  S3Library() {
    // Where the system's own Arrow has it built in, there is no such file and no need for one.
    void *handle = dlopen("libarrow_s3.so." ARROW_SO_VERSION, RTLD_NOW | RTLD_LOCAL);
    const std::string said = handle == nullptr ? dlerror() : "";
    const auto find = [&](auto &function, const char *name) {
      function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(handle == nullptr ? RTLD_DEFAULT : handle, name));
      if (function == nullptr) throw Failure(ab_io, "Arrow's library for S3 cannot be opened: " + (said.empty() ? name : said));
    };
    find(globalDefaults, "_ZN5arrow2fs15S3GlobalOptions8DefaultsEv");
    find(initialize, "_ZN5arrow2fs12InitializeS3ERKNS0_15S3GlobalOptionsE");
    find(finalize, "_ZN5arrow2fs17EnsureS3FinalizedEv");
    find(defaults, "_ZN5arrow2fs9S3Options8DefaultsEv");
    find(anonymous, "_ZN5arrow2fs9S3Options9AnonymousEv");
    find(regionOf, "_ZN5arrow2fs21ResolveS3BucketRegionERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE");
    find(make, "_ZN5arrow2fs12S3FileSystem4MakeERKNS0_9S3OptionsERKNS_2io9IOContextE");
    find(region, "_ZNK5arrow2fs12S3FileSystem6regionB5cxx11Ev");
    find(options, "_ZNK5arrow2fs12S3FileSystem7optionsEv");
    find(key, "_ZNK5arrow2fs9S3Options12GetAccessKeyB5cxx11Ev");
    find(secret, "_ZNK5arrow2fs9S3Options12GetSecretKeyB5cxx11Ev");
    find(token, "_ZNK5arrow2fs9S3Options15GetSessionTokenB5cxx11Ev");
    auto quiet = globalDefaults();
    // What failed is told by the status of the call that failed.
    quiet.log_level = fs::S3LogLevel::Off;
    check(initialize(quiet), ab_defect);
  }
};

/// Tries again what may pass, with pauses that double, until attempts or time are used up.
class Retries : public fs::S3RetryStrategy {
 public:
  Retries(int attempts, double patience) : attempts_(attempts), patience_(patience) { restart(); }

  /// A request begins.
  void restart() { end_.store(Clock::now() + std::chrono::duration_cast<Clock::duration>(patience_)); }

  bool ShouldRetry(const AWSErrorDetail &error, int64_t attempted) override {
    // The text of an error may be longer than the piece of an object that was asked for, and is lost then.
    const bool isLost = error.message.find("Failed to flush response stream") != std::string::npos;
    return (error.should_retry || isLost) && attempted + 1 < attempts_ &&
           Clock::now() + std::chrono::milliseconds(pause(attempted)) < end_.load();
  }

  int64_t CalculateDelayBeforeNextRetry(const AWSErrorDetail &, int64_t attempted) override { return pause(attempted); }

 private:
  static int64_t pause(int64_t attempted) { return std::min<int64_t>(200LL << std::min<int64_t>(attempted, 10), 10'000); }

  const int64_t attempts_;
  const std::chrono::duration<double> patience_;
  std::atomic<Clock::time_point> end_;
};

std::string textOf(const char *text) { return text == nullptr ? std::string() : std::string(text); }

}  // namespace

struct ab_store {
  std::shared_ptr<Retries> retries;
  std::shared_ptr<fs::S3FileSystem> system;
  std::string region;

  fs::FileInfo find(const std::string &key) {
    retries->restart();
    return take(system->GetFileInfo(key), ab_io);
  }
};

namespace {

void hand(const std::vector<fs::FileInfo> &found, ab_object **objects, int64_t *count) {
  auto list = static_cast<ab_object *>(std::calloc(std::max<size_t>(1, found.size()), sizeof(ab_object)));
  if (list == nullptr) throw std::bad_alloc();
  int64_t n = 0;
  try {
    for (const auto &info : found) {
      if (!info.IsFile()) continue;
      const auto modified = std::chrono::duration_cast<std::chrono::nanoseconds>(info.mtime().time_since_epoch()).count();
      list[n] = {copied(info.path()), info.size(), modified};
      n++;
    }
  } catch (...) {
    ab_objects_free(list, n);
    throw;
  }
  *objects = list;
  *count = n;
}

void tell(ab_transferred transferred, void *context, int64_t bytes) {
  if (transferred != nullptr && transferred(context, bytes) != 0) throw Failure(ab_io, "the transfer was stopped");
}

}  // namespace

ab_status ab_store_open(const ab_store_options *options, ab_store **store, char **message) {
  *store = nullptr;
  return guarded(message, ab_defect, [&] {
    const auto &s3Library = S3Library::shared();
    auto made = std::make_unique<ab_store>();
    made->retries = std::make_shared<Retries>(options->attempts, options->patience);
    auto s3 = options->anonymous ? s3Library.anonymous() : s3Library.defaults();
    s3.scheme = options->scheme;
    s3.endpoint_override = textOf(options->endpoint);
    s3.region = textOf(options->region);
    // Only the bucket itself knows; a caller who may not ask gets the library's own guess.
    if (s3.region.empty()) s3.region = s3Library.regionOf(options->bucket).ValueOr("us-east-1");
    s3.tls_ca_file_path = textOf(options->ca_file);
    s3.connect_timeout = std::min(options->timeout, 10.0);
    s3.request_timeout = options->timeout;
    s3.retry_strategy = made->retries;
    // A small object is one request then.
    s3.allow_delayed_open = true;
    auto system = s3Library.make(s3, arrow::io::default_io_context());
    // What is registered last runs first: what the library has made for itself by now, and needs to end, is still there then.
    static const int registered = std::atexit([] { (void)S3Library::shared().finalize(); });
    (void)registered;
    made->system = take(std::move(system), ab_io);
    made->region = s3Library.region(made->system.get());
    *store = made.release();
  });
}

void ab_store_free(ab_store *store) { delete store; }

const char *ab_store_region(const ab_store *store) { return store->region.c_str(); }

ab_status ab_store_credentials(const ab_store *store, char **key, char **secret, char **token, char **message) {
  *key = *secret = *token = nullptr;
  return guarded(message, ab_defect, [&] {
    const auto &s3Library = S3Library::shared();
    const auto options = s3Library.options(store->system.get());
    if (options.credentials_kind == fs::S3CredentialsKind::Anonymous) {
      *key = copied(""), *secret = copied(""), *token = copied("");
      return;
    }
    *key = copied(s3Library.key(&options));
    *secret = copied(s3Library.secret(&options));
    *token = copied(s3Library.token(&options));
  });
}

ab_status ab_store_list(ab_store *store, const char *folder, ab_object **objects, int64_t *count, char **message) {
  *objects = nullptr;
  *count = 0;
  return guarded(message, ab_io, [&] {
    store->retries->restart();
    fs::FileSelector selector;
    selector.base_dir = folder;
    selector.recursive = true;
    auto found = store->system->GetFileInfo(selector);
    // A missing folder is an empty one, a missing bucket an error.
    if (arrow::internal::ErrnoFromStatus(found.status()) == ENOENT) return;
    hand(take(std::move(found), ab_io), objects, count);
  });
}

ab_status ab_store_find(ab_store *store, const char *key, ab_object **objects, int64_t *count, char **message) {
  *objects = nullptr;
  *count = 0;
  return guarded(message, ab_io, [&] { hand({store->find(key)}, objects, count); });
}

void ab_objects_free(ab_object *objects, int64_t count) {
  for (int64_t i = 0; i < count; i++) std::free(objects[i].key);
  std::free(objects);
}

ab_status ab_store_get(ab_store *store, const ab_object *object, const char *path, ab_transferred transferred, void *context,
                       char **message) {
  return guarded(message, ab_io, [&] {
    fs::FileInfo info(object->key, fs::FileType::File);
    info.set_size(object->bytes);
    auto source = take(store->system->OpenInputFile(info), ab_io);
    auto file = take(arrow::io::FileOutputStream::Open(path), ab_io);
    for (int64_t at = 0; at < object->bytes;) {
      store->retries->restart();
      const auto block = take(source->ReadAt(at, std::min(transferSize, object->bytes - at)), ab_io);
      if (block->size() == 0) throw Failure(ab_io, "the object has become shorter while it was read");
      check(file->Write(block), ab_io);
      at += block->size();
      tell(transferred, context, block->size());
    }
    check(file->Close(), ab_io);
  });
}

ab_status ab_store_put(ab_store *store, const char *path, const char *key, const char *content_type, ab_transferred transferred,
                       void *context, char **message) {
  return guarded(message, ab_io, [&] {
    auto file = take(arrow::io::ReadableFile::Open(path), ab_io);
    store->retries->restart();
    auto target = take(
        store->system->OpenOutputStream(key, arrow::KeyValueMetadata::Make({"Content-Type"}, {content_type})), ab_io);
    try {
      while (true) {
        const auto block = take(file->Read(transferSize), ab_io);
        if (block->size() == 0) break;
        store->retries->restart();
        check(target->Write(block), ab_io);
        tell(transferred, context, block->size());
      }
      store->retries->restart();
      check(target->Close(), ab_io);
    } catch (...) {
      // What has been sent of a large object would be kept, and paid for.
      (void)target->Abort();
      throw;
    }
  });
}
