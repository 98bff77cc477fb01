// Values that one long call at a time changes.
import Mathematics
import Synchronization

/// What a handle holds whose `_run` calls the host back. A callback may call into the library with the very handle that runs; the flag turns
/// that into an error.
final class Exclusive<Value>: @unchecked Sendable {
    private var value: Value
    private let noun: StaticString
    private let isRunning = Atomic<Bool>(false)

    init(_ value: Value, _ noun: StaticString) {
        self.value = value
        self.noun = noun
    }

    /// The value, for reading.
    func idle() throws(SpinnpropError) -> Value {
        guard !isRunning.load(ordering: .acquiring) else { throw busy }
        return value
    }

    /// Changes it; nobody else may use it meanwhile.
    func change(_ body: (inout Value) throws(SpinnpropError) -> Void) throws(SpinnpropError) {
        let (isFirst, _) = isRunning.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing)
        guard isFirst else { throw busy }
        defer { isRunning.store(false, ordering: .releasing) }
        try body(&value)
    }

    private var busy: SpinnpropError {
        .invalidValue("the \(noun) is running; wait for spinnprop_\(noun)_run to return before using it again")
    }
}
