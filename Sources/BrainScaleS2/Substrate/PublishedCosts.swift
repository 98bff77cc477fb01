// What a sample and a step of training take on the chip, estimated from what is published of it.
import Mathematics

/// Time and energy by one published measurement: the chip takes the power that was measured, and a sample lasts as long as the one that was
/// published (image, configuration and read-out), or as long as the network runs, if that is longer. Nothing follows from the network's size:
/// the whole chip is on. What the host does for a step, the gradient, is not in it.
public struct PublishedCost: Equatable, Sendable {
    public let source: String
    /// Seconds and joules of one sample, as published.
    public let seconds: Double
    public let joules: Double

    public var watts: Double { joules / seconds }

    /// How long a sample of so many seconds on the chip takes.
    public func sampleSeconds(duration: Double) -> Double { max(duration, seconds) }
    public func sampleJoules(duration: Double) -> Double { sampleSeconds(duration: duration) * watts }

    /// 16 x 16 MNIST images: 48 us and 8.4 uJ (21,000 a second); later 85,000 a second at some 200 mW, 2.4 uJ.
    public static let all = [
        PublishedCost(source: "Fast and Deep, arXiv 1912.11443", seconds: 48e-6, joules: 8.4e-6),
        PublishedCost(source: "later measurement, 85,000 images/s", seconds: 1 / 85_000.0, joules: 2.4e-6),
    ]

    /// - Throws: `invalidValue` for a duration that no run has.
    public static func check(duration: Double, batchSize: Int) throws(SpinnpropError) {
        guard duration >= 0, duration <= 1e9 else {
            throw .invalidValue("duration is \(duration) s of the chip; it must be 0 .. 1e9")
        }
        guard batchSize >= 1, batchSize <= Int(Int32.max) else {
            throw .invalidValue("batch_size is \(batchSize); it must be 1 .. \(Int32.max)")
        }
    }
}
