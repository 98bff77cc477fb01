// Polynomials for the exponential neuron's T(V) and V(r), for one drive or for all drives of a small range.
import Mathematics

/// Panels of equal width in V for T(V); in r, every octave in equal panels, found by the leading bits of r, as V(r) is smooth
/// on the scale of r wherever it is. Outside of the panels closed forms hold (see `EIFFlow`).
///
/// For a range of drives every coefficient is in turn a polynomial of the drive's place in it, with eight terms, or four where the power
/// of x is 5 or more, as products of both are small there. The powers of x are summed for all terms at once, the drive comes last.
struct EIFFit: BitwiseCopyable {
    let slope: Double
    /// T(V) is fitted between.
    let low: Double
    let high: Double
    private let inverseWidth: Double
    /// V(r) is fitted between these two: `longest` is beyond T(low) of every drive.
    private let shortest: Double
    let longest: Double
    private let octaveBits: UInt64
    private let firstPanel: Int
    /// Numbers per panel: 8 for one drive, 52 for a range.
    private let stride: Int
    private let timePanels: Int
    private let times: UnsafePointer<Double>
    private let potentials: UnsafePointer<Double>

    /// `drives`: one, or a range of at most a sixteenth octave of D + I, which is fitted at 8 drives. The coefficients stay in `store`.
    init(
        drives: ClosedRange<Double>, slope: Double, _ kind: FlowTable, store: inout [LargeBuffer<Double>]
    ) throws(SpinnpropError) {
        let (least, most) = (drives.lowerBound, drives.upperBound)
        self.slope = slope
        let isRange = least < most
        stride = EIFFit.counts(isRange).reduce(0, +)
        let flows = (isRange ? EIFFit.points : [0]).map { EIFFlow(drive: least + $0 * (most - least), slope: slope) }
        let (low, high) = (EIFFlow.low(slope), EIFFlow.high(most, slope))
        (self.low, self.high) = (low, high)
        // Panels of D / 16 and a 32nd octave with degree 7, or of D / 64 and a 128th octave with degree 5.
        let width = kind == .chebyshev ? slope / 16 : slope / 64
        octaveBits = kind == .chebyshev ? 5 : 7
        let panelCount = Int((high - low) / width) + 1
        inverseWidth = Double(panelCount) / (high - low)
        // A power of two, below which two terms are enough for every drive.
        shortest = Double(sign: .plus, exponent: Int(EIFFlow.timeHighUp(high, most, slope).exponent), significand: 1)
        let firstPanel = EIFFit.panel(shortest, octaveBits)
        self.firstPanel = firstPanel
        let lastPanel = EIFFit.panel(EIFFlow(drive: least, slope: slope).time(low), octaveBits)
        longest = EIFFit.border(lastPanel + 1, octaveBits)
        let bits = octaveBits
        timePanels = panelCount
        let times = try EIFFit.fit(
            panelCount, flows, kind, border: { low + (high - low) * (Double($0) / Double(panelCount)) },
            value: { $0.time($1) },
            // T' = -1/F, T'' = F'/F^2 along V.
            derivatives: {
                let velocity = $0.velocity($1)
                return (-1 / velocity, $0.curvature($1) / (velocity * velocity))
            })
        let potentials = try EIFFit.fit(
            lastPanel - firstPanel + 1, flows, kind, border: { EIFFit.border(firstPanel + $0, bits) },
            value: { $0.potential($1) },
            // V' = -F, V'' = F' F along r.
            derivatives: {
                let v = $0.potential($1)
                return (-$0.velocity(v), $0.curvature(v) * $0.velocity(v))
            })
        store += [times, potentials]
        self.times = UnsafePointer(times.pointer)
        self.potentials = UnsafePointer(potentials.pointer)
    }

    /// T(V) for V of any size; `place`: of the drive in its range, 0 ... 1.
    @inline(__always)
    func time(_ v: Double, drive: Double, place: Double) -> Double {
        if v >= high { return EIFFlow.timeHighUp(v, drive, slope) }
        if v < low { return value(times, 0, 0, place) + Elementary.log((drive - v) / (drive - low)) }
        let position = (v - low) * inverseWidth
        // `high` itself may be rounded up to.
        let panel = min(Int(position), timePanels &- 1)
        return value(times, panel, position - Double(panel), place)
    }

    /// V(r) for r of any size.
    @inline(__always)
    func potential(_ remaining: Double, drive: Double, place: Double) -> Double {
        if remaining < shortest { return EIFFlow.potentialHighUp(remaining, drive, slope) }
        if remaining >= longest {
            let last = value(potentials, EIFFit.panel(longest, octaveBits) &- 1 &- firstPanel, 1, place)
            return drive - (drive - last) * Elementary.exp(remaining - longest)
        }
        let bits = remaining.bitPattern
        let one = Double(1).bitPattern
        let x = Double(bitPattern: ((bits &<< octaveBits) & (1 &<< 52 &- 1)) | one) - 1
        return value(potentials, EIFFit.panel(remaining, octaveBits) &- firstPanel, x, place)
    }

    @inline(__always)
    private func value(_ coefficients: UnsafePointer<Double>, _ panel: Int, _ x: Double, _ place: Double) -> Double {
        let first = coefficients + panel &* stride
        let fourth = (x * x) * (x * x)
        if stride == EIFFit.terms {
            return EIFFit.cubic(x) { first[$0] } + EIFFit.cubic(x) { first[4 &+ $0] } * fourth
        }
        let low = EIFFit.cubic(x) { EightLanes(first + 8 &* $0) }
        let high = EIFFit.cubic(x) { SIMD4<Double>(first + ($0 == 0 ? 32 : 36 &+ 4 &* $0)) }
        let beyond = SIMD4<Double>.sum(low.high, SIMD4<Double>.product(SIMD4<Double>(first + 36), fourth))
        let square = place * place
        let rest = SIMD4<Double>.product(beyond, square * square)
        let four = SIMD4<Double>.sum(SIMD4<Double>.sum(low.low, SIMD4<Double>.product(high, fourth)), rest)
        let two = four.lowHalf + four.highHalf * square
        return two.x + two.y * place
    }

    /// Said as lanes, which compilers do not take apart, and in few steps that wait for each other (Estrin's scheme).
    @inline(__always)
    private static func cubic<Real: RealLanes>(_ x: Double, _ coefficient: (Int) -> Real) -> Real {
        (coefficient(0) + coefficient(1) * x) + (coefficient(2) + coefficient(3) * x) * (x * x)
    }

    /// Counts panels from r = 2^-1023.
    @inline(__always)
    private static func panel(_ remaining: Double, _ octaveBits: UInt64) -> Int {
        Int(truncatingIfNeeded: remaining.bitPattern &>> (52 &- octaveBits))
    }

    private static func border(_ panel: Int, _ octaveBits: UInt64) -> Double {
        Double(bitPattern: UInt64(panel) << (52 - octaveBits))
    }

    /// Powers of x, of which a table's quintic leaves the last two 0.
    private static var terms: Int { 8 }
    /// How many powers of the drive's place the coefficient of each of them has.
    private static func counts(_ isRange: Bool) -> [Int] {
        (0..<terms).map { isRange ? ($0 <= terms / 2 ? terms : terms / 2) : 1 }
    }
    private static var points: [Double] { PanelFit.points(degree: terms - 1) }

    /// Coefficients as (panel, power of x, power of the drive's place).
    private static func fit(
        _ count: Int, _ flows: [EIFFlow], _ kind: FlowTable, border: (Int) -> Double,
        value: (EIFFlow, Double) -> Double, derivatives: (EIFFlow, Double) -> (Double, Double)
    ) throws(SpinnpropError) -> LargeBuffer<Double> {
        let counts = counts(flows.count > 1)
        let result = try LargeBuffer(count: count * counts.reduce(0, +), repeating: 0.0, "the neurons' tables")
        var next = result.pointer
        for panel in 0..<count {
            let (begin, end) = (border(panel), border(panel + 1))
            let fits = flows.map { flow in
                if kind == .chebyshev {
                    return PanelFit.chebyshev(points.map { value(flow, begin + $0 * (end - begin)) })
                }
                let (first, last) = (derivatives(flow, begin), derivatives(flow, end))
                return PanelFit.hermite(
                    width: end - begin, values: (value(flow, begin), value(flow, end)), slopes: (first.0, last.0),
                    curvatures: (first.1, last.1)) + [0, 0]
            }
            // (term in x, term in place); what is left out is left out as Chebyshev's polynomials, the least of what it could be.
            var table = (0..<terms).map { term in
                let along = fits.map { $0[term] }
                return along.count == 1 ? along : Array(PanelFit.chebyshev(along).prefix(counts[term]))
            }
            if kind == .chebyshev {
                for place in 0..<counts[0] {
                    let powers = PanelFit.powers(ofChebyshev: table.map { place < $0.count ? $0[place] : 0 })
                    for term in 0..<terms where place < counts[term] { table[term][place] = powers[term] }
                }
            }
            for row in table {
                for coefficient in row.count == 1 ? row : PanelFit.powers(ofChebyshev: row) {
                    next.pointee = coefficient
                    next += 1
                }
            }
        }
        return result
    }
}
