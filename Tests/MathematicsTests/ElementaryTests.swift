// exp, expm1, log, log1p: errors in ulps, special values, the edges of every range.
import Glibc
import Mathematics
import Testing

struct ElementaryTests {
    // Something to compare sweeps with: extended precision where there is one, else libm's float64, itself off by an
    // ulp.
    #if arch(x86_64)
    typealias Wide = Float80
    static let slack = 0.0
    static let wide: [@Sendable (Wide) -> Wide] = [{ expl($0) }, { expm1l($0) }, { logl($0) }, { log1pl($0) }]
    #else
    typealias Wide = Double
    static let slack = 1.0
    static let wide: [@Sendable (Wide) -> Wide] = [
        { Glibc.exp($0) }, { Glibc.expm1($0) }, { Glibc.log($0) }, { Glibc.log1p($0) },
    ]
    #endif

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let function: @Sendable (Double) -> Double
        let reference: [Double]
        let wide: @Sendable (Wide) -> Wide
        /// The error stated in the documentation, in ulps.
        let bound: Double
        /// Where the sweep looks, each part as densely as the others.
        let ranges: [ClosedRange<Double>]
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "exp", function: { Elementary.exp($0) }, reference: ElementaryReference.exp, wide: wide[0],
            bound: 0.68, ranges: [-1...1, -40...40, -708...709]),
        Case(
            name: "expm1", function: { Elementary.expm1($0) }, reference: ElementaryReference.expm1, wide: wide[1],
            bound: 1.08, ranges: [-1e-3...1e-3, -1...1, 0.34...0.36, -40...40, -40...709]),
        Case(
            name: "log", function: { Elementary.log($0) }, reference: ElementaryReference.log, wide: wide[2],
            bound: 0.90, ranges: [0.999...1.001, 0.7...0.72, 0.5...2, 0...50, 0...1e300]),
        Case(
            name: "log1p", function: { Elementary.log1p($0) }, reference: ElementaryReference.log1p, wide: wide[3],
            bound: 0.90, ranges: [-1e-3...1e-3, -0.3 ... -0.28, -0.5...1, -1...50, 0...1e300]),
    ]

    @Test(arguments: cases)
    func agreesWithFourHundredDigits(_ item: Case) {
        // A subnormal result is rounded twice.
        expectWithin(item.bound, subnormalBound: 0.78, of: item.reference, item.name, item.function)
    }

    @Test(arguments: cases)
    func sweepsStayWithinTheStatedErrorAndNeverFall(_ item: Case) {
        for range in item.ranges {
            var previous = -Double.infinity
            let count = 100_001
            for index in 1..<count {
                let x = range.lowerBound + (range.upperBound - range.lowerBound) * (Double(index) / Double(count))
                let ours = item.function(x)
                let wide = item.wide(Wide(x))
                let error = Double(abs(Wide(ours) - wide) / Wide(Double(wide).ulp))
                guard error <= item.bound + ElementaryTests.slack, ours >= previous else {
                    Issue.record("\(item.name)(\(x)) = \(ours) is off by \(error) ulp; the value before: \(previous)")
                    break
                }
                previous = ours
            }
        }
    }

    @Test func specialValues() {
        let (inf, nan, least) = (Double.infinity, Double.nan, Double.leastNonzeroMagnitude)
        #expect(Elementary.exp(0) == 1 && Elementary.exp(-0.0) == 1)
        #expect(Elementary.exp(inf) == inf && Elementary.exp(-inf) == 0)
        #expect(Elementary.exp(709.782712893384) < inf && Elementary.exp(709.7827128933841) == inf)
        #expect(Elementary.exp(1e308) == inf && Elementary.exp(-1e308) == 0)
        #expect(Elementary.exp(-745.1332191019411) == least && Elementary.exp(-745.1332191019412) == 0)
        #expect(Elementary.exp(-710) > 0 && Elementary.exp(-710) < 0x1p-1022)

        #expect(Elementary.expm1(inf) == inf && Elementary.expm1(-inf) == -1)
        #expect(Elementary.expm1(1e308) == inf && Elementary.expm1(-1e308) == -1)
        #expect(Elementary.expm1(709.782712893384) < inf && Elementary.expm1(709.7827128933841) == inf)
        #expect(Elementary.expm1(0).sign == .plus && Elementary.expm1(-0.0).sign == .minus)
        #expect(Elementary.expm1(-0.0) == 0 && Elementary.expm1(-least) == -least)

        #expect(Elementary.log(0) == -inf && Elementary.log(-0.0) == -inf && Elementary.log(inf) == inf)
        #expect(Elementary.log(1) == 0 && Elementary.log(1).sign == .plus)
        #expect(Elementary.log(-least).isNaN && Elementary.log(-1).isNaN && Elementary.log(-inf).isNaN)

        #expect(Elementary.log1p(-1) == -inf && Elementary.log1p(inf) == inf)
        #expect(Elementary.log1p((-1.0).nextDown).isNaN && Elementary.log1p(-inf).isNaN)
        #expect(Elementary.log1p(0).sign == .plus && Elementary.log1p(-0.0).sign == .minus)
        #expect(Elementary.log1p(-0.0) == 0 && Elementary.log1p(-least) == -least)

        for item in ElementaryTests.cases { #expect(item.function(nan).isNaN) }
    }

    @Test func decayIsExponentialAndComplement() {
        var stream = RandomStream(seed: 5, stream: 0)
        let edges =
            [
                0, .leastNonzeroMagnitude, 1e-300, 0.34657, 0.34658, 1, 40, 699.9, 700, 745, 746, 1e308, .infinity,
            ] as [Double]
        for x in edges + (0..<20_000).map({ _ in 1 / stream.uniform() - 1 }) {
            let (value, complement) = Elementary.decay(x)
            #expect(value == Elementary.exp(-x), "x = \(x)")
            let expected = -Elementary.expm1(-x)
            #expect(abs(complement - expected) <= 3 * expected.ulp, "x = \(x): \(complement), \(expected)")
            guard x <= 700 else { continue }
            let sooner = Elementary.decay(normal: x)
            #expect(sooner.value == value && sooner.complement == complement, "x = \(x)")
        }
    }

    @Test func inversesMeet() {
        var stream = RandomStream(seed: 3, stream: 0)
        for _ in 0..<20_000 {
            let x = 1400 * stream.uniform() - 700
            // The logarithm's error at e^x is 2^-53 of relative error in its argument, plus its own rounding.
            let back = Elementary.log(Elementary.exp(x))
            #expect(abs(back - x) <= 0x1p-52 + x.ulp, "x = \(x)")
            let y = 1e-3 * (stream.uniform() - 0.5)
            let near = Elementary.log1p(Elementary.expm1(y))
            #expect(abs(near - y) <= 2 * y.ulp, "y = \(y)")
        }
    }
}

/// The promise that every processor, instruction set and optimisation level gives the same bits.
struct SameBitsTests {
    static func fill(_ y: UnsafeMutablePointer<Double>, _ x: UnsafePointer<Double>, _ n: Int, _ function: Int) {
        var j = 0
        switch function {
        case 0:
            while j < n {
                y[j] = Elementary.exp(x[j])
                j &+= 1
            }
        case 1:
            while j < n {
                y[j] = Elementary.expm1(x[j])
                j &+= 1
            }
        case 2:
            while j < n {
                y[j] = Elementary.log(x[j].magnitude)
                j &+= 1
            }
        default:
            while j < n {
                y[j] = Elementary.log1p(x[j].magnitude)
                j &+= 1
            }
        }
    }

    /// The hashes were taken from an unoptimised build and agree with SSE2 and AVX2 builds.
    @Test(arguments: [
        (0, 18_430_929_124_658_719_971 as UInt64), (1, 5_049_943_997_379_010_736), (2, 13_835_962_529_568_360_735),
        (3, 5_031_443_147_076_031_654),
    ])
    func loopsGiveTheRecordedBits(function: Int, hash: UInt64) {
        var stream = RandomStream(seed: 4, stream: 0)
        let x = (0..<20_001).map { _ in stream.normal() * (stream.uniform() < 0.5 ? 1 : 200) }
        let y = [Double](unsafeUninitializedCapacity: x.count) { y, count in
            guard let start = y.baseAddress else { return }
            SameBitsTests.fill(start, x, x.count, function)
            count = x.count
        }
        let value = y.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ $1.bitPattern) &* 0x100_0000_01B3 }
        #expect(value == hash)
    }
}
