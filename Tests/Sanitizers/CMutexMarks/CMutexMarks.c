// Tells the thread sanitizer of the slow path of Swift's `Mutex`.
//
// The fast path is inlined and seen. Where a thread has to wait, the kernel hands the lock over inside libswiftSynchronization, which
// comes without the sanitizer's marks: it would take every access under a contended `Mutex` for a race.
#include <stdbool.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))
#define NAMED(name) __asm__(name)

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void real_lock(uint32_t thread, SELF void *mutex) NAMED("__real_" LOCK);
SWIFT bool real_try_lock(SELF void *mutex) NAMED("__real_" TRY_LOCK);
SWIFT void real_unlock(SELF void *mutex) NAMED("__real_" UNLOCK);

SWIFT void wrapped_lock(uint32_t thread, SELF void *mutex) NAMED("__wrap_" LOCK);
SWIFT bool wrapped_try_lock(SELF void *mutex) NAMED("__wrap_" TRY_LOCK);
SWIFT void wrapped_unlock(SELF void *mutex) NAMED("__wrap_" UNLOCK);

SWIFT void wrapped_lock(uint32_t thread, SELF void *mutex) {
  real_lock(thread, mutex);
  __tsan_acquire(mutex);
}

SWIFT bool wrapped_try_lock(SELF void *mutex) {
  bool is_locked = real_try_lock(mutex);
  if (is_locked) __tsan_acquire(mutex);
  return is_locked;
}

SWIFT void wrapped_unlock(SELF void *mutex) {
  __tsan_release(mutex);
  real_unlock(mutex);
}
