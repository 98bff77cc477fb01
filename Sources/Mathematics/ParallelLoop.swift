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

    /// Calls back if it is time, and returns whether to stop; to be called now and then by every thread that works.
    public func poll() -> Bool {
        if isStopped { return true }
        guard pthread_equal(owner, pthread_self()) != 0 else { return false }
        let now = monotonicNanoseconds()
        guard now &- lastCall >= 20_000_000 else { return false }
        lastCall = now
        if !callback() { stopFlag.store(true, ordering: .relaxed) }
        return isStopped
    }
}

/// The number of threads every parallel loop of the process uses.
public enum Threads {
    private static let setting = Atomic<Int>(initialSetting())

    public static let maximum = 1024

    /// The number that was set; 0: one thread for each processor that the process may use.
    public static var requested: Int { setting.load(ordering: .relaxed) }

    public static var count: Int {
        let threads = requested
        return threads > 0 ? threads : spinnprop_support_processors()
    }

    public static func set(_ threads: Int) throws(SpinnpropError) {
        guard threads >= 0, threads <= maximum else {
            throw .invalidValue("threads is \(threads); it must be 0 (one per processor) .. \(maximum)")
        }
        setting.store(threads, ordering: .relaxed)
    }

    private static func initialSetting() -> Int {
        startValue { name in getenv(name).map { String(cString: $0) } }
    }

    /// The start value of `requested`, from the environment when it is first asked for: SPINNPROP_THREADS or else OMP_NUM_THREADS, by which
    /// process pools share the processors out; what is no number in the domain counts as absent.
    static func startValue(_ environment: (_ name: String) -> String?) -> Int {
        if let threads = environment("SPINNPROP_THREADS").flatMap({ Int($0) }), threads >= 0, threads <= maximum {
            return threads
        }
        // OpenMP takes a list, one number for each level of nesting.
        guard let list = environment("OMP_NUM_THREADS"),
            let first = list.split(separator: ",", omittingEmptySubsequences: false).first,
            let threads = Int(first.filter { $0 != " " }), threads >= 1, threads <= maximum
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
    parts: Int, monitor: Monitor? = nil, file: StaticString = #fileID, line: Int = #line,
    _ body: @Sendable (_ part: Int) throws(SpinnpropError) -> Void
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
    let failure = Mutex<(part: Int, error: SpinnpropError)?>(nil)
    // Loops of one place may be short or long: many parts are counted apart from few.
    let place = Int(bitPattern: file.utf8Start) &+ line &+ parts.leadingZeroBitCount &* 1_000_003
    onSeveralThreads(threads, place: place & Int.max) {
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
        }
    } poll: {
        // The owner of the monitor goes on listening while others still work.
        _ = monitor?.poll()
    }
    if let failed = failure.withLock({ $0 }) { throw failed.error }
    if let monitor, monitor.isStopped { throw .cancelled }
}

private struct Calls {
    let work: () -> Void
    let poll: () -> Void
}

/// Calls `work` on `count` threads at once, this one included; on fewer if the system gives no more, or where more have made the loops
/// of this place slower. Returns when all calls have; calls `poll` while it waits.
private func onSeveralThreads(_ count: Int, place: Int, _ work: () -> Void, poll: () -> Void) {
    withoutActuallyEscaping(work) { work in
        withoutActuallyEscaping(poll) { poll in
            withUnsafePointer(to: Calls(work: work, poll: poll)) { calls in
                spinnprop_support_run_on_threads(
                    count, place, UnsafeRawPointer(calls),
                    { $0?.assumingMemoryBound(to: Calls.self).pointee.work() },
                    { $0?.assumingMemoryBound(to: Calls.self).pointee.poll() })
            }
        }
    }
}

/// Nanoseconds of a clock that never goes back.
private func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}
