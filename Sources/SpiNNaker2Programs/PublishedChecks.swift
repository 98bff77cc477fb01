// What the constants and the costs predict for workloads whose measurements are published, beside those measurements.
import Mathematics
import Networks
import SpiNNaker2

/// One published number, the range that the account's constants allow for it, and why they differ where they do.
public struct PublishedCheck: Equatable, Sendable {
    public let workload: String
    public let quantity: String
    public let unit: String
    /// Equal where nothing about the workload is left open.
    public let predictedLow: Double
    public let predictedHigh: Double
    public let published: Double
    /// What the prediction rests on, and the reason for a difference.
    public let remark: String

    /// The factor between the published number and the nearest one that is predicted, >= 1; 1 within the range.
    public var factor: Double {
        if published < predictedLow { return predictedLow / published }
        if published > predictedHigh { return published / predictedHigh }
        return 1
    }

    /// The published workloads, judged with a board's constants and the programs' costs. Sizes that are not published are not guessed: then the
    /// prediction is a range, or a ratio in which they cancel.
    ///
    /// The published Yin-Yang setting is left out where it does not fit the board.
    public static func all(_ options: SpiNNaker2Options) -> [PublishedCheck] {
        let constants = options.board.constants
        var checks = languageModel(constants) + [ePropMemory, gestures(constants)]
        checks += [coreMark(constants, isHigh: false), coreMark(constants, isHigh: true)]
        checks.append(throughput(constants, options.costs))
        if let yinYang = yinYang(options) { checks.append(yinYang) }
        return checks
    }

    /// Watts of one chip with `pes` PEs that are at work for part of the time.
    private static func power(_ constants: SpiNNaker2Constants, pes: Double, activity: Double, isHigh: Bool) -> Double {
        let sleep = constants[isHigh ? .highSleepPower : .lowSleepPower]
        let cycle = constants[isHigh ? .highCycleEnergy : .lowCycleEnergy]
        let clock = constants[isHigh ? .highClock : .lowClock]
        return constants[.offPower] + pes * (sleep + activity * cycle * clock)
    }

    /// EGRU on 150 PEs: how busy they are is not published, so everything from asleep to busy is allowed.
    private static func languageModel(_ constants: SpiNNaker2Constants) -> [PublishedCheck] {
        let idle = power(constants, pes: 150, activity: 0, isHigh: false)
        let busy = power(constants, pes: 150, activity: 1, isHigh: false)
        let seconds = 170.25e-3
        let name = "EGRU language model, 150 PEs (arXiv 2312.09084)"
        return [
            PublishedCheck(
                workload: name, quantity: "mean power", unit: "W", predictedLow: idle, predictedHigh: busy,
                published: 0.39,
                remark:
                    "from all PEs asleep to all busy at 0.5 V; asleep at 0.8 V alone they would take more than is published"
            ),
            PublishedCheck(
                workload: name, quantity: "energy", unit: "J", predictedLow: idle * seconds,
                predictedHigh: busy * seconds, published: 65.3e-3,
                remark:
                    "the same range over the published 170.25 ms; the time itself needs sizes and event rates that are not "
                    + "in the published summary, so it is not predicted"),
            PublishedCheck(
                workload: name, quantity: "memory a PE's data may take", unit: "B", predictedLow: 0,
                predictedHigh: Double(constants.dataBytes), published: 88.3e3,
                remark: "of 96 kB for data the allocator gives buffers all but heap and stack"),
        ]
    }

    /// On-chip learning with Adam, counted in float32 numbers per weight.
    private static var ePropMemory: PublishedCheck {
        // Weight and its gradient with the neurons; sum over copies, parameter, mean and square with the optimiser.
        let numbersPerWeight = 6.0
        return PublishedCheck(
            workload: "e-prop with Adam on chip, 25,000 weights (Frontiers in Neuroscience 2022)", quantity: "memory",
            unit: "B", predictedLow: 25_000 * 4 * numbersPerWeight, predictedHigh: 25_000 * 4 * (numbersPerWeight + 1),
            published: 680e3,
            remark:
                "what EventProp with Adam takes here for as many weights, without and with sums per sample; e-prop keeps "
                + "eligibility traces instead, and 680 kB include buffers we do not know")
    }

    /// The ratio in which the unknown size of the workload cancels: energy at the high level over energy at the low one.
    private static func gestures(_ constants: SpiNNaker2Constants) -> PublishedCheck {
        // Work that runs to its end takes time in inverse proportion to the clock.
        func energy(_ activity: Double, _ pes: Double, _ isHigh: Bool) -> Double {
            power(constants, pes: pes, activity: activity, isHigh: isHigh) / constants[isHigh ? .highClock : .lowClock]
        }
        let ratios = [(0.0, 1.0), (1.0, 1.0), (0.0, 148.0), (1.0, 148.0)].map { activity, pes in
            energy(activity, pes, true) / energy(activity, pes, false)
        }
        return PublishedCheck(
            workload: "gesture network, DVFS high against low (arXiv 2504.06748)",
            quantity: "energy at 0.8 V over energy at 0.5 V", unit: "1", predictedLow: ratios.min() ?? 0,
            predictedHigh: ratios.max() ?? 0, published: 1.023 / 2.010,
            remark:
                "1 to 148 PEs, asleep to busy. The published ratio lies at the end where power hardly depends on the PEs' level: "
                + "few PEs at work, or supplies in the measurement that the account does not count. The energies themselves need the "
                + "network's sizes and event rates, so they are not predicted")
    }

    private static func coreMark(_ constants: SpiNNaker2Constants, isHigh: Bool) -> PublishedCheck {
        let predicted = power(constants, pes: Double(QuadGrid.peCount), activity: 1, isHigh: isHigh)
        return PublishedCheck(
            workload: "CoreMark on all PEs at \(isHigh ? "0.8" : "0.5") V", quantity: "power", unit: "W",
            predictedLow: predicted, predictedHigh: predicted, published: isHigh ? 1247.9e-3 : 424.6e-3,
            remark: "energies per cycle were derived from this measurement")
    }

    private static func throughput(_ constants: SpiNNaker2Constants, _ costs: ProgramCosts) -> PublishedCheck {
        // One packet to 120 neurons, as from the input of the Yin-Yang network.
        let fanOut = 120.0
        let cycles = Double(costs.packet) + Double(costs.synapse) * fanOut
        let events = constants[.highClock] * fanOut / cycles
        return PublishedCheck(
            workload: "synaptic events per PE at 300 MHz", quantity: "rate", unit: "1/s", predictedLow: events,
            predictedHigh: events, published: 12e6,
            remark:
                "our rows are dense float32 vectors that lie in SRAM, added without a look-up per synapse; the published "
                + "rate is that of sparse rows with a delay and a target in each synapse (25 cycles)")
    }

    /// Not a measurement but a demand: 22 samples side by side.
    private static func yinYang(_ options: SpiNNaker2Options) -> PublishedCheck? {
        guard let fit = try? SpiNNaker2Fit(sizes: [5, 120, 3], batch: 22, options: options), fit.fits else {
            return nil
        }
        return PublishedCheck(
            workload: "Yin-Yang 5-120-3, batch 22 (arXiv 2412.15021)", quantity: "PEs", unit: "1",
            predictedLow: Double(fit.usedPEs), predictedHigh: Double(fit.availablePEs),
            published: Double(options.board.pesPerChip),
            remark:
                "\(fit.copies) copies of \(fit.pesPerCopy) PEs and \(fit.optimizerPEs) for the optimiser, of those one chip has"
        )
    }
}
