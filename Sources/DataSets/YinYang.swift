// The Yin-Yang data set, bit for bit as published.
import Mathematics

/// Yin-Yang (Kriener, Göltz and Petrovici 2021, arXiv 2102.08211): points of a disc of radius 1/2 around (1/2, 1/2), of
/// three classes: 0 yin, 1 yang, 2 the dots.
public enum YinYang {
    public static let featureCount = 4
    public static let classCount = 3

    /// A published set: how many samples of which seed.
    public struct Split: Equatable, Sendable {
        public let count: Int
        public let seed: Int
    }
    public static let training = Split(count: 5000, seed: 42)
    public static let validation = Split(count: 1000, seed: 41)
    public static let test = Split(count: 1000, seed: 40)

    public struct Set: Equatable, Sendable {
        /// (count, 4), row by row: x, y, 1 - x, 1 - y; each in [0, 1].
        public let x: [Double]
        /// (count): 0, 1 or 2.
        public let labels: [Int]
        public var count: Int { labels.count }
    }

    /// - Parameter seed: 0 ... 2^32 - 1.
    /// - Throws: `invalidValue` on a negative count or a seed out of range, `outOfMemory` on more samples than this
    ///   machine could hold.
    public static func samples(count: Int, seed: Int) throws(SpinnpropError) -> Set {
        guard count >= 0 else { throw .invalidValue("n is \(count); the number of samples must be >= 0") }
        var generator = try Generator(seed: seed)
        try Memory.check(
            // Labels twice: a C host gets a copy.
            count: count, bytesPerElement: featureCount * MemoryLayout<Double>.stride + 2 * MemoryLayout<Int>.stride,
            "the samples")
        var labels: [Int] = []
        labels.reserveCapacity(count)
        let x = [Double](unsafeUninitializedCapacity: featureCount * count) { x, initializedCount in
            for sample in 0..<count {
                let point = generator.next()
                x.initializeElement(at: 4 * sample, to: point.x)
                x.initializeElement(at: 4 * sample + 1, to: point.y)
                x.initializeElement(at: 4 * sample + 2, to: 1 - point.x)
                x.initializeElement(at: 4 * sample + 3, to: 1 - point.y)
                labels.append(point.label)
            }
            initializedCount = featureCount * count
        }
        return Set(x: x, labels: labels)
    }

    public static func samples(_ split: Split) throws(SpinnpropError) -> Set {
        try samples(count: split.count, seed: split.seed)
    }

    /// Draws one sample after the other.
    public struct Generator: Sendable {
        private var random: MersenneTwister

        /// - Throws: `invalidValue` unless the seed is 0 ... 2^32 - 1.
        public init(seed: Int) throws(SpinnpropError) {
            guard let word = UInt32(exactly: seed) else {
                throw .invalidValue("seed is \(seed); it must be 0 .. 4294967295")
            }
            random = MersenneTwister(seed: word)
        }

        /// First the class, evenly; then points of the square until one lies in the disc and is of that class.
        public mutating func next() -> (x: Double, y: Double, label: Int) {
            let goal = Int(random.integer(below: UInt32(classCount)))
            while true {
                let x = random.double() * 2 * bigRadius
                let y = random.double() * 2 * bigRadius
                if distance(x, y, bigRadius) <= bigRadius, label(x, y) == goal { return (x, y, goal) }
            }
        }
    }

    static let smallRadius = 0.1
    static let bigRadius = 0.5

    /// The class of a point of the disc.
    static func label(_ x: Double, _ y: Double) -> Int {
        let right = distance(x, y, 1.5 * bigRadius)
        let left = distance(x, y, 0.5 * bigRadius)
        if right < smallRadius || left < smallRadius { return 2 }
        let isYang =
            right <= smallRadius || (left > smallRadius && left <= 0.5 * bigRadius)
            || (y > bigRadius && right > 0.5 * bigRadius)
        return isYang ? 1 : 0
    }

    /// From (x, y) to a point of the line through both dots.
    private static func distance(_ x: Double, _ y: Double, _ centre: Double) -> Double {
        let (dx, dy) = (x - centre, y - bigRadius)
        return (dx * dx + dy * dy).squareRoot()
    }
}
