// The streams against the published generator's arithmetic, their distributions, and their state.
import Mathematics
import Testing

struct RandomStreamTests {
    /// Written by Generators/random_reference.py.
    @Test func knownAnswers() {
        var plain = RandomStream(seed: 0, stream: 0)
        #expect(
            (0..<4).map { _ in plain.nextUInt64() } == [
                9_579_327_875_526_494_010,
                14_425_024_493_257_680_155,
                12_536_166_511_277_982_743,
                16_850_684_510_608_829_587,
            ])
        var other = RandomStream(seed: 42, stream: 7)
        #expect(
            (0..<4).map { _ in other.nextUInt64() } == [
                3_409_545_882_473_857_721,
                11_773_385_008_288_523_278,
                15_640_253_386_848_488_616,
                9_243_278_095_232_592_775,
            ])
        // The authors' own first outputs from the state 1, 2, 3, 4.
        guard var counted = RandomStream(state: [1, 2, 3, 4]) else {
            Issue.record("state refused")
            return
        }
        #expect((0..<3).map { _ in counted.nextUInt64() } == [41_943_041, 58_720_359, 3_588_806_011_781_223])
    }

    @Test func streamsAndSeedsDiffer() {
        var seen: Set<UInt64> = []
        for seed in UInt64(0)..<40 {
            for stream in UInt64(0)..<40 {
                var generator = RandomStream(seed: seed, stream: stream)
                seen.insert(generator.nextUInt64())
            }
        }
        #expect(seen.count == 1600)
    }

    @Test func stateGoesOnWhereItWasRead() {
        var generator = RandomStream(seed: 5, stream: 1)
        for _ in 0..<17 { _ = generator.normal() }
        var resumed = RandomStream(state: generator.state)
        #expect(resumed == generator)
        for _ in 0..<17 { #expect(resumed?.normal() == generator.normal()) }
        #expect(RandomStream(state: [0, 0, 0, 0]) == nil)
        #expect(RandomStream(state: [1, 2, 3]) == nil)
        #expect(RandomStream(state: []) == nil)
        #expect(RandomStream(state: [0, 0, 0, 1]) != nil)
    }

    /// The first of each pair is what `normal` gives; the second is as normal, and has nothing to do with it.
    @Test func manyNormalsAreThoseOfPairs() {
        for count in [1, 7, 8, 9, 20_000] {
            var (one, many) = (RandomStream(seed: 9, stream: 3), RandomStream(seed: 9, stream: 3))
            let room = (count + 7) / 8 * 8
            var values = [Double](repeating: .nan, count: room)
            many.normals(&values, count)
            var (square, product) = (0.0, 0.0)
            for first in stride(from: 0, to: room, by: 8) {
                for lane in first..<first + 4 {
                    #expect(values[lane] == one.normal(), "\(count), \(lane)")
                    square += values[lane + 4] * values[lane + 4]
                    product += values[lane] * values[lane + 4]
                }
            }
            #expect(one == many)
            // Ten thousand pairs, four standard errors.
            guard count == 20_000 else { continue }
            #expect((square / 10_000 - 1).magnitude < 4 * (2.0 / 10_000).squareRoot())
            #expect((product / 10_000).magnitude < 4 * 0.01)
        }
    }

    @Test(arguments: [UInt64(0), 1, 2])
    func uniformFillsTheUnitInterval(seed: UInt64) {
        var generator = RandomStream(seed: seed, stream: 0)
        let count = 100_000
        var cells = [Int](repeating: 0, count: 100)
        for _ in 0..<count {
            let value = generator.uniform()
            #expect(value >= 0 && value < 1)
            cells[Int(value * 100)] += 1
        }
        // chi-squared with 99 degrees of freedom: mean 99, standard deviation 14
        let chi = cells.reduce(0.0) { $0 + (Double($1) - 1000) * (Double($1) - 1000) / 1000 }
        #expect(chi > 45 && chi < 170, "chi-squared \(chi)")
    }

    @Test(arguments: [UInt64(0), 1, 2])
    func normalHasItsMomentsAndTails(seed: UInt64) {
        var generator = RandomStream(seed: seed, stream: 0)
        let count = 200_000
        let values = (0..<count).map { _ in generator.normal() }
        let moments = (1...4).map { power in
            values.reduce(0.0) { sum, value in sum + (0..<power).reduce(1.0) { product, _ in product * value } }
                / Double(count)
        }
        // Five standard errors: sqrt of 1, 2, 15, 96 over the count.
        for (moment, (expected, variance)) in zip(moments, [(0.0, 1.0), (1, 2), (0, 15), (3, 96)]) {
            #expect(abs(moment - expected) < 5 * (variance / Double(count)).squareRoot(), "\(moments)")
        }
        let beyond = Double(values.count { abs($0) > 1.959963984540054 }) / Double(count)
        #expect(abs(beyond - 0.05) < 5 * (0.0475 / Double(count)).squareRoot())
    }

    @Test func indexIsUnbiasedAndInRange() {
        var generator = RandomStream(seed: 9, stream: 0)
        #expect(generator.index(below: 1) == 0)
        #expect(generator.index(below: 0) == 0 && generator.index(below: -5) == 0)
        var cells = [Int](repeating: 0, count: 7)
        for _ in 0..<70_000 { cells[generator.index(below: 7)] += 1 }
        let chi = cells.reduce(0.0) { $0 + (Double($1) - 10_000) * (Double($1) - 10_000) / 10_000 }
        #expect(chi < 27, "chi-squared \(chi) with 6 degrees of freedom")  // p = 1e-4
        // 3/8 of 2^64: without rejection every third value would come from two words, the others from three.
        let third = (0..<10_000).count { _ in generator.index(below: 3 << 61) % 3 == 2 }
        #expect(abs(third - 3333) < 236, "\(third)")  // five standard errors
    }

    @Test func shuffleReachesEveryOrderEquallyOften() {
        var generator = RandomStream(seed: 11, stream: 0)
        var counts: [[Int]: Int] = [:]
        for _ in 0..<24_000 {
            var values = [0, 1, 2, 3]
            generator.shuffle(&values)
            counts[values, default: 0] += 1
        }
        #expect(counts.count == 24)
        let chi = counts.values.reduce(0.0) { $0 + (Double($1) - 1000) * (Double($1) - 1000) / 1000 }
        #expect(chi < 56, "chi-squared \(chi) with 23 degrees of freedom")  // p = 1e-4
        var empty: [Int] = []
        generator.shuffle(&empty)
        #expect(empty.isEmpty)
        var one = [4]
        generator.shuffle(&one)
        #expect(one == [4])
    }

    /// A lane's trial is the comparison of its own bits with the probability's.
    @Test func trialsSucceedAsOftenAsTheyShould() {
        var random = RandomStream(seed: 5, stream: 0)
        for probability in [0.0, 0x1p-64, 0.001, 0.15, 0.5, 0.75, 1 - 0x1p-53, 1.0] {
            var counts = [Int](repeating: 0, count: 64)
            for _ in 0..<4000 {
                let successes = random.trials(probability, among: 0xFFFF_FFFF_FFFF_FFF5)
                for lane in 0..<64 { counts[lane] += Int(successes &>> UInt64(lane) & 1) }
            }
            #expect(counts[1] == 0 && counts[3] == 0)
            // Five standard deviations, of a lane and of all.
            for lane in [0, 2, 63] {
                #expect((Double(counts[lane]) - 4000 * probability).magnitude <= 5 * (1000 * probability).squareRoot())
            }
            let expected = 4000 * 62 * probability
            #expect((Double(counts.reduce(0, +)) - expected).magnitude <= 5 * expected.squareRoot())
        }
    }
}
