// How an output layer's spikes or maxima are read as a class: ties go to the lowest index.
extension OutputSample {
    /// The output that spikes first, -1 if none does.
    public var earliestOutput: Int {
        var winner = -1
        var earliest = Double.infinity
        for output in 0..<outputCount where firstTime(output) < earliest {
            earliest = firstTime(output)
            winner = output
        }
        return winner
    }

    /// The output of a leaky read-out whose membrane rises highest.
    public var highestOutput: Int { OutputSample.highest(maxima, count: outputCount) }

    /// Where the largest of some values is.
    public static func highest(_ values: UnsafePointer<Double>, count: Int) -> Int {
        var winner = 0
        for neuron in 1..<max(1, count) where values[neuron] > values[winner] { winner = neuron }
        return winner
    }

    /// Logits of a softmax over first spike times, -t / tau; -infinity for silent outputs.
    ///
    /// Taken from the earliest spike on, so that a small `tau` cannot make all of them infinite.
    public func latencyLogits(tau: Double, into logits: UnsafeMutablePointer<Double>) {
        var earliest = Double.infinity
        for output in 0..<outputCount { earliest = min(earliest, firstTime(output)) }
        for output in 0..<outputCount {
            let time = firstTime(output)
            logits[output] = time < .infinity ? -(time - earliest) / tau : -.infinity
        }
    }
}
