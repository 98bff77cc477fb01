// Spikes that come from outside of the network.
import Mathematics

/// Each moves the membrane of one neuron at one time; an input channel with many targets is many of them. Inputs at the
/// same time act in the order given here; network spikes at that very time come before them.
public struct InputSpikes: Equatable, Sendable {
    /// Times in seconds, never falling.
    public let times: [Double]
    public let units: [Int32]
    public let weights: [Double]
    /// For each spike its place among those that were given, which need not be sorted.
    public let places: [Int]

    public static let none = InputSpikes()

    private init() { (times, units, weights, places) = ([], [], [], []) }

    /// Times need not be sorted. - Throws: `invalidValue` for arrays of different lengths, times that are negative or not
    /// finite, weights out of range; `invalidIndex` for a unit that does not exist.
    public init(
        times: [Double], units: [Int32], weights: [Double], neuronCount: Int
    ) throws(SpinnpropError) {
        guard times.count == units.count, times.count == weights.count else {
            throw .invalidValue(
                "inputs have \(times.count) times, \(units.count) units and \(weights.count) weights; give one of each per "
                    + "spike")
        }
        for index in times.indices {
            guard times[index] >= 0, times[index] < .infinity else {
                throw .invalidValue("input time \(index) is \(times[index]); it must be finite and >= 0 seconds")
            }
            guard units[index] >= 0, Int(units[index]) < neuronCount else {
                throw .invalidIndex(
                    "input unit \(index) is \(units[index]); the network has neurons 0 .. \(neuronCount - 1)")
            }
            guard weights[index].magnitude <= SparseNetwork.largestWeight else {
                throw .invalidValue(
                    "input weight \(index) is \(weights[index]); weights must be -\(SparseNetwork.largestWeight) .. "
                        + "\(SparseNetwork.largestWeight)")
            }
        }
        places = times.indices.sorted { times[$0] < times[$1] || (times[$0] == times[$1] && $0 < $1) }
        self.times = places.map { times[$0] }
        self.units = places.map { units[$0] }
        self.weights = places.map { weights[$0] }
    }
}
