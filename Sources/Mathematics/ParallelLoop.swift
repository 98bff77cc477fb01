// Work cut into a fixed number of parts and spread over threads, with progress and cancellation.
import CSupport
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// Watches a long call: tells the caller how far it is and learns whether to stop. Its callback runs only on the thread that
/// made the monitor.
public final class Monitor: @unchecked Sendable {
    private let owner = pthread_self()
    private let callback: () -> Bool
    private let stopFlag = Atomic<Bool>(false)
    private let doneCount = Atomic<Int>(0)
    private var lastCall = monotonicNanoseconds()

    /// Work finished so far, in the unit of the call that is running.
    public var done: Int { doneCount.load(ordering: .relaxed) }
    public func finish(_ amount: Int) { doneCount.add(amount, ordering: .relaxed) }
    public func restart() { doneCount.store(0, ordering: .relaxed) }

    /// - Parameter callback: returns `true` to go on. Called at most every 20 ms.
    public init(_ callback: @escaping () -> Bool) { self.callback = callback }

    public var isStopped: Bool { stopFlag.load(ordering: .relaxed) }

    /// To be called now and then by every thread that works. Returns whether to stop.
    public func poll() -> Bool {
        if isStopped { return true }
        guard pthread_equal(owner, pthread_self()) != 0 else { return false }
        let now = monotonicNanoseconds()
        guard now &- lastCall >= 20_000_000 else { return false }
        lastCall = now
        if !callback() { stopFlag.store(true, ordering: .relaxed) }
        return isStopped
    }

    var isOwnedByThisThread: Bool { pthread_equal(owner, pthread_self()) != 0 }
}

/// The number of threads every parallel loop of the process uses.
public enum Threads {
    private static let setting = Atomic<Int>(initialSetting())

    public static let maximum = 1024

    /// 0: one per processor.
    public static var requested: Int { setting.load(ordering: .relaxed) }

    public static var count: Int {
        let threads = requested
        return threads > 0 ? threads : max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    public static func set(_ threads: Int) throws(SpinnpropError) {
        guard threads >= 0, threads <= maximum else {
            throw .invalidValue("threads is \(threads); it must be 0 (one per processor) .. \(maximum)")
        }
        setting.store(threads, ordering: .relaxed)
    }

    /// SPINNPROP_THREADS, if it is a number in the domain; 0 otherwise.
    private static func initialSetting() -> Int {
        guard let text = getenv("SPINNPROP_THREADS"), let threads = Int(String(cString: text)),
            threads >= 0, threads <= maximum
        else { return 0 }
        return threads
    }
}

/// Calls `body(part)` for every part in `0 ..< parts`, several at once. What a part computes must not depend on which thread
/// runs it; then results do not depend on the number of threads.
///
/// Works in a forked child, where no other thread exists: the calling thread then does all parts.
/// - Throws: the error of the lowest part that failed, so that errors do not depend on timing; `cancelled`, `outOfMemory`.
public func parallelLoop(
    parts: Int, monitor: Monitor? = nil, _ body: @Sendable (_ part: Int) throws(SpinnpropError) -> Void
) throws(SpinnpropError) {
    let threads = min(parts, Threads.count)
    if threads <= 1 {
        for part in 0..<parts {
            if let monitor, monitor.poll() { throw .cancelled }
            try Memory.poll()
            try body(part)
        }
        return
    }
    // The other threads may have done all of it before this one comes to ask.
    if let monitor, monitor.poll() { throw .cancelled }
    let next = Atomic<Int>(0)
    let finished = Atomic<Int>(0)
    let failure = Mutex<(part: Int, error: SpinnpropError)?>(nil)
    onSeveralThreads(threads) {
        while true {
            let part = next.wrappingAdd(1, ordering: .relaxed).oldValue
            if part >= parts { break }
            // After a failure only lower parts still matter.
            let isNeeded = failure.withLock { $0 == nil || part < $0!.part }
            if isNeeded && !(monitor?.poll() ?? false) {
                do throws(SpinnpropError) {
                    try Memory.poll()
                    try body(part)
                } catch {
                    failure.withLock { if $0 == nil || part < $0!.part { $0 = (part, error) } }
                }
            }
            finished.add(1, ordering: .releasing)
        }
        // The owner of the monitor goes on listening while others still work.
        if let monitor, monitor.isOwnedByThisThread {
            var rounds = 0
            while finished.load(ordering: .acquiring) < parts {
                // Most threads end within microseconds of each other, nearly all within a millisecond; sleep is for the rest.
                rounds += 1
                if rounds < 1000 {
                    spinnprop_support_pause()
                } else if rounds < 2000 {
                    sched_yield()
                } else {
                    _ = monitor.poll()
                    usleep(500)
                }
            }
        }
    }
    if let failed = failure.withLock({ $0 }) { throw failed.error }
    if let monitor, monitor.isStopped { throw .cancelled }
}

/// Calls `body` on `count` threads at once, this one included; on fewer if the system gives no more. Returns when all calls have.
private func onSeveralThreads(_ count: Int, _ body: () -> Void) {
    withoutActuallyEscaping(body) { body in
        withUnsafePointer(to: body) { body in
            spinnprop_support_run_on_threads(count, UnsafeRawPointer(body)) { context in
                context?.assumingMemoryBound(to: (() -> Void).self).pointee()
            }
        }
    }
}

/// Of a clock that never goes back.
private func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}
