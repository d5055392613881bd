// Objects in stores that speak S3, through Arrow's file systems. Included by ArrowBridge.h.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// One connection with its settings. Handles are used by one thread at a time; any number may be open.
typedef struct ab_store ab_store;

typedef struct ab_store_options {
  const char *scheme;    // http or https
  const char *endpoint;  // host and port; null for AWS
  const char *region;    // null: that of the bucket is asked for
  const char *bucket;
  const char *ca_file;  // certificates that are trusted; null for the system's
  bool anonymous;
  double timeout;   // seconds without a byte after which a request has failed
  int attempts;     // of one request
  double patience;  // seconds for all attempts of one request, pauses included
} ab_store_options;

// Brings Arrow's S3 up when it is first called; it is ended when the process exits.
ab_status ab_store_open(const ab_store_options *options, ab_store **store, char **message);
void ab_store_free(ab_store *store);

// The region that requests are signed for; lives as long as the store.
const char *ab_store_region(const ab_store *store);

// Keys as the usual sources of AWS give them now: environment, profile, role. Empty texts where there are none; `token` is
// empty for lasting keys. The caller frees each with `ab_free`.
ab_status ab_store_credentials(const ab_store *store, char **key, char **secret, char **token, char **message);

typedef struct ab_object {
  char *key;  // bucket/name
  int64_t bytes;
  int64_t modified;  // nanoseconds since 1970
} ab_object;

// All objects below `folder` ("bucket/name" without a slash at its end), or the one of that name; none where there is nothing.
ab_status ab_store_list(ab_store *store, const char *folder, ab_object **objects, int64_t *count, char **message);
// The object of that name; `*count` is 0 where there is none.
ab_status ab_store_find(ab_store *store, const char *key, ab_object **objects, int64_t *count, char **message);
void ab_objects_free(ab_object *objects, int64_t count);

// Told how many bytes have gone since it was told last; what is not 0 stops the transfer with ab_io.
typedef int (*ab_transferred)(void *context, int64_t bytes);

// Writes the object into a new file. The file is left as it is when that fails.
ab_status ab_store_get(ab_store *store, const ab_object *object, const char *path, ab_transferred transferred, void *context,
                       char **message);
ab_status ab_store_put(ab_store *store, const char *path, const char *key, const char *content_type, ab_transferred transferred,
                       void *context, char **message);

#ifdef __cplusplus
}
#endif
