// Tells the thread sanitizer of what threads hand each other inside Swift's runtime, which comes without its marks.
//
// The slow path of `Mutex`: the fast one is inlined and seen, but where a thread has to wait, the kernel hands the lock over inside
// libswiftSynchronization. Every access under a contended `Mutex` would be taken for a race.
//
// A continuation that is resumed before it is awaited: libswift_Concurrency tells of the resumption, and of the task that it starts again,
// but not where that task had not yet stopped. What a continuation brings would be taken for a race.
#include <stdbool.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))
#define SWIFT_ASYNC __attribute__((swiftasynccall))
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

SWIFT void *swift_task_getCurrent(void);

SWIFT_ASYNC void real_await(void *context) NAMED("__real_swift_continuation_await");
SWIFT_ASYNC void wrapped_await(void *context) NAMED("__wrap_swift_continuation_await");

SWIFT_ASYNC void wrapped_await(void *context) {
  // The runtime's own mark at the resumption is of the task.
  __tsan_acquire(swift_task_getCurrent());
  __attribute__((musttail)) return real_await(context);
}
