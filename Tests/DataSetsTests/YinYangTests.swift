// Yin-Yang bit for bit: published samples, labels and counts, and hashes of an independent numpy restatement.
import Mathematics
import Testing

@testable import DataSets

struct YinYangTests {
    @Test(arguments: [
        (YinYang.training, 0.6803075385877797, 0.450499251969543, [2, 1, 2, 1, 1, 1, 0, 2, 2, 0], [1681, 1702, 1617]),
        (YinYang.validation, 0.6805727261759029, 0.3209733938933629, [0, 1, 0, 0, 2, 1, 1, 1, 1, 2], [316, 336, 348]),
        (YinYang.test, 0.23409664559563403, 0.4017249751828972, [2, 2, 1, 1, 1, 2, 2, 0, 2, 2], [350, 316, 334]),
    ])
    func publishedSets(split: YinYang.Split, x: Double, y: Double, labels: [Int], counts: [Int]) throws {
        let set = try YinYang.samples(split)
        #expect(set.count == split.count && set.x.count == 4 * split.count)
        #expect(Array(set.x.prefix(4)) == [x, y, 1 - x, 1 - y])
        #expect(Array(set.labels.prefix(10)) == labels)
        #expect((0..<3).map { label in set.labels.count { $0 == label } } == counts)
    }

    @Test func publishedSplits() {
        #expect(YinYang.training == YinYang.Split(count: 5000, seed: 42))
        #expect(YinYang.validation == YinYang.Split(count: 1000, seed: 41))
        #expect(YinYang.test == YinYang.Split(count: 1000, seed: 40))
    }

    /// Printed by Generators/yin_yang_reference.py.
    @Test(arguments: [
        (5000, 42, 0x16E6_3054_1E31_2CA8 as UInt64),
        (1000, 41, 0xDC0A_1F8E_BEA5_1862),
        (1000, 40, 0x7826_4BBF_64F9_82B3),
        (10000, 43, 0x84B1_D2E2_79F9_EDBB),
        (100, 0, 0x830E_0FC0_8585_C3CE),
        (100, 4_294_967_295, 0x834D_4E42_B2E1_35C3),
    ])
    func agreesWithNumpyBitForBit(count: Int, seed: Int, hash: UInt64) throws {
        let set = try YinYang.samples(count: count, seed: seed)
        // FNV-1a over the bytes of x, least significant first, then one byte per label.
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ byte: UInt64) { value = (value ^ byte) &* 0x100_0000_01B3 }
        for number in set.x { for shift in 0..<8 { add((number.bitPattern >> (8 * UInt64(shift))) & 0xFF) } }
        for label in set.labels { add(UInt64(label)) }
        #expect(value == hash)
    }

    @Test func longerSetsBeginWithTheShorterOnes() throws {
        let (short, long) = (try YinYang.samples(count: 50, seed: 3), try YinYang.samples(count: 90, seed: 3))
        #expect(Array(long.x.prefix(200)) == short.x && Array(long.labels.prefix(50)) == short.labels)
    }

    @Test func generatorDrawsTheSameSamples() throws {
        let set = try YinYang.samples(count: 20, seed: 8)
        var generator = try YinYang.Generator(seed: 8)
        for sample in 0..<20 {
            let point = generator.next()
            #expect(point.x == set.x[4 * sample] && point.y == set.x[4 * sample + 1])
            #expect(point.label == set.labels[sample])
        }
    }

    @Test func classesOfKnownPoints() {
        #expect(YinYang.label(0.75, 0.5) == 2 && YinYang.label(0.25, 0.5) == 2)
        #expect(YinYang.label(0.75, 0.599) == 2 && YinYang.label(0.75, 0.601) == 0)
        #expect(YinYang.label(0.25, 0.599) == 2 && YinYang.label(0.25, 0.601) == 1)
        #expect(YinYang.label(0.5, 0.9) == 1 && YinYang.label(0.5, 0.1) == 0)
        // On the edge of the left lobe belongs to yang, just outside and below to yin.
        #expect(YinYang.label(0.25, 0.25) == 1 && YinYang.label(0.25, 0.2499) == 0)
        // The upper right: inside the right lobe yin, outside yang.
        #expect(YinYang.label(0.75, 0.74) == 0 && YinYang.label(0.75, 0.76) == 1)
    }

    @Test func errors() throws {
        #expect(try YinYang.samples(count: 0, seed: 42).count == 0)
        #expect(throws: SpinnpropError.invalidValue("n is -1; the number of samples must be >= 0")) {
            try YinYang.samples(count: -1, seed: 42)
        }
        for seed in [-1, 4_294_967_296, Int.min, Int.max] {
            #expect(throws: SpinnpropError.invalidValue("seed is \(seed); it must be 0 .. 4294967295")) {
                try YinYang.samples(count: 1, seed: seed)
            }
        }
        for count in [1 << 40 + 1, 1 << 59, Int.max] {
            let error = #expect(throws: SpinnpropError.self) { try YinYang.samples(count: count, seed: 42) }
            #expect(error?.kind == .outOfMemory)
            #expect(error?.message.hasPrefix("the samples would take \(count) x ") == true)
        }
    }
}
