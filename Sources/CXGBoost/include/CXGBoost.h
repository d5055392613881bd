#pragma once

#include <stddef.h>
#include <stdint.h>

/// A matrix or a booster of the library's; to be given back with `freeMatrix` or `freeBooster`.
typedef void *CXGBoostHandle;

/// What is used of XGBoost's C interface, as a library that was opened provides it.
///
/// Signatures are those of `xgboost/c_api.h` of version 3.2, which the tests run against. Functions that return `int` return 0
/// when they succeed; otherwise `lastError` says what happened, per thread.
typedef struct CXGBoostFunctions {
  void (*_Nonnull version)(int *_Nonnull major, int *_Nonnull minor, int *_Nonnull patch);
  const char *_Nonnull (*_Nonnull lastError)(void);
  /// Holds for the calling thread only.
  int (*_Nonnull setGlobalConfig)(const char *_Nonnull json);

  /// `array` is an array interface: JSON with address, shape and type.
  int (*_Nonnull makeMatrix)(const char *_Nonnull array, const char *_Nonnull json, CXGBoostHandle _Nullable *_Nonnull out);
  int (*_Nonnull setMatrixField)(CXGBoostHandle _Nonnull matrix, const char *_Nonnull field, const char *_Nonnull array);
  int (*_Nonnull freeMatrix)(CXGBoostHandle _Nonnull matrix);

  int (*_Nonnull makeBooster)(
    const CXGBoostHandle _Nonnull *_Nullable matrices, uint64_t count, CXGBoostHandle _Nullable *_Nonnull out);
  int (*_Nonnull freeBooster)(CXGBoostHandle _Nonnull booster);
  int (*_Nonnull setParameter)(CXGBoostHandle _Nonnull booster, const char *_Nonnull name, const char *_Nonnull value);
  int (*_Nonnull update)(CXGBoostHandle _Nonnull booster, int round, CXGBoostHandle _Nonnull matrix);
  int (*_Nonnull evaluate)(
    CXGBoostHandle _Nonnull booster, int round, const CXGBoostHandle _Nonnull *_Nonnull matrices,
    const char *_Nonnull const *_Nonnull names, uint64_t count, const char *_Nullable *_Nonnull out);
  int (*_Nonnull slice)(
    CXGBoostHandle _Nonnull booster, int begin, int end, int step, CXGBoostHandle _Nullable *_Nonnull out);
  int (*_Nonnull featureCount)(CXGBoostHandle _Nonnull booster, uint64_t *_Nonnull out);

  /// The result belongs to the booster and the calling thread, until its next prediction.
  int (*_Nonnull predictArray)(
    CXGBoostHandle _Nonnull booster, const char *_Nonnull array, const char *_Nonnull json,
    CXGBoostHandle _Nullable matrix, const uint64_t *_Nullable *_Nonnull shape, uint64_t *_Nonnull dimensions,
    const float *_Nullable *_Nonnull out);
  int (*_Nonnull predictMatrix)(
    CXGBoostHandle _Nonnull booster, CXGBoostHandle _Nonnull matrix, const char *_Nonnull json,
    const uint64_t *_Nullable *_Nonnull shape, uint64_t *_Nonnull dimensions, const float *_Nullable *_Nonnull out);

  int (*_Nonnull save)(
    CXGBoostHandle _Nonnull booster, const char *_Nonnull json, uint64_t *_Nonnull size,
    const char *_Nullable *_Nonnull out);
  int (*_Nonnull load)(CXGBoostHandle _Nonnull booster, const void *_Nonnull bytes, uint64_t size);
} CXGBoostFunctions;

/// Opens a library and fills the table; the library stays open until the process ends.
///
/// \param library A path, or a name that the loader looks up in the executable's run path and in the system.
/// \param said Where words are written: the library's full path, or what was wrong; ends with a zero byte.
/// \return Whether every function was found.
int CXGBoostOpen(
  const char *_Nonnull library, CXGBoostFunctions *_Nonnull functions, char *_Nonnull said, size_t capacity);
