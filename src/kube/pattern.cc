#include "kube/pattern.h"

#include <algorithm>
#include <bitset>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kube/pattern_parse.h"

namespace spoke::kube {

using pattern::Assertion;
using pattern::Node;

namespace {

// More than any schema needs, and few enough that a long text is still matched in no time.
constexpr size_t kMaxInstructions = 10'000;

bool word(std::int64_t rune) {
  return (rune >= '0' && rune <= '9') || (rune >= 'A' && rune <= 'Z') || (rune >= 'a' && rune <= 'z') || rune == '_';
}

constexpr std::int64_t kNone = -1;  // before the first and after the last character

bool holds(Assertion what, std::int64_t before, std::int64_t after) {
  switch (what) {
    case Assertion::TextStart: return before == kNone;
    case Assertion::TextEnd: return after == kNone;
    case Assertion::LineStart: return before == kNone || before == '\n';
    case Assertion::LineEnd: return after == kNone || after == '\n';
    case Assertion::WordBoundary: return word(before) != word(after);
    case Assertion::NoWordBoundary: return word(before) == word(after);
  }
  return false;
}

}  // namespace

// A nondeterministic automaton: all states that the text so far can lead to are followed at once (Thompson 1968).
struct Pattern::Program {
  struct Instruction {
    enum Op : std::uint8_t { Rune, Split, Assert, Match } op = Match;
    Assertion assertion{};
    std::uint32_t set = 0;    // Rune: which set
    std::uint32_t next = 0;   // Rune, Assert, Split
    std::uint32_t other = 0;  // Split
  };
  struct Set {
    std::bitset<128> ascii;
    pattern::Ranges ranges;
    bool has(char32_t rune) const {
      if (rune < 128) return ascii[rune];
      const auto after = std::upper_bound(ranges.begin(), ranges.end(), rune,
                                          [](char32_t r, const auto& range) { return r < range.first; });
      return after != ranges.begin() && rune <= std::prev(after)->second;
    }
  };

  std::vector<Instruction> code;
  std::vector<Set> sets;
  std::uint32_t start = 0;

  // Appends code for the node that goes on at `next`; answers where it starts. Built from the end to the beginning.
  std::uint32_t compile(const Node& node, std::uint32_t next) {
    if (++visits_ > 4 * kMaxInstructions) too_large();  // (){1000}{1000} makes no code, yet takes its time
    switch (node.kind) {
      case Node::Kind::Empty: return next;
      case Node::Kind::Set: return emit({.op = Instruction::Rune, .set = set_of(node), .next = next});
      case Node::Kind::Assert: return emit({.op = Instruction::Assert, .assertion = node.assertion, .next = next});
      case Node::Kind::Concat:
        for (auto part = node.parts.rbegin(); part != node.parts.rend(); ++part) next = compile(*part, next);
        return next;
      case Node::Kind::Alternate: {
        std::uint32_t at = compile(node.parts.back(), next);
        for (auto part = std::next(node.parts.rbegin()); part != node.parts.rend(); ++part) {
          const auto other = compile(*part, next);
          at = emit({.op = Instruction::Split, .next = other, .other = at});
        }
        return at;
      }
      case Node::Kind::Repeat: return repeat(node, next);
    }
    return next;
  }

  std::uint32_t repeat(const Node& node, std::uint32_t next) {
    const Node& part = node.parts[0];
    if (node.most < 0) {  // x{2,} is xxx*
      const auto loop = emit({.op = Instruction::Split, .other = next});
      const auto body = compile(part, loop);
      code[loop].next = body;
      next = loop;
    }
    for (int i = node.least; i < node.most; ++i) {  // x{0,2} is (x(x)?)?
      const auto body = compile(part, next);
      next = emit({.op = Instruction::Split, .next = body, .other = next});
    }
    for (int i = 0; i < node.least; ++i) next = compile(part, next);
    return next;
  }

  std::uint32_t set_of(const Node& node) {
    const auto [known, added] = known_sets_.try_emplace(&node, static_cast<std::uint32_t>(sets.size()));
    if (added) {
      Set set{.ascii = {}, .ranges = node.ranges};
      for (const auto& [low, high] : node.ranges)
        for (char32_t c = low; c <= high && c < 128; ++c) set.ascii.set(c);
      sets.push_back(std::move(set));
    }
    return known->second;
  }

  std::uint32_t emit(Instruction instruction) {
    if (code.size() >= kMaxInstructions) too_large();
    code.push_back(instruction);
    return static_cast<std::uint32_t>(code.size() - 1);
  }

  [[noreturn]] static void too_large() { throw BadPattern("error parsing regexp: expression too large"); }

 private:
  std::unordered_map<const Node*, std::uint32_t> known_sets_;
  size_t visits_ = 0;
};

namespace {

std::int64_t decode(std::string_view text, size_t& at) {
  return at < text.size() ? static_cast<std::int64_t>(pattern::next_rune(text, at)) : kNone;
}

}  // namespace

Pattern::Pattern(std::string_view text) : text_(text) {
  auto program = std::make_shared<Program>();
  const auto match = program->emit({});
  program->start = program->compile(pattern::parse(text), match);
  program_ = std::move(program);
}

bool Pattern::matches(std::string_view text) const {
  using Instruction = Program::Instruction;
  const Program& p = *program_;
  std::vector<std::uint32_t> now, then, pending;
  std::vector<size_t> seen(p.code.size(), 0);  // the last step at which a state was reached
  size_t step = 0, at = 0;
  std::int64_t before = kNone;
  std::int64_t rune = decode(text, at);

  // Adds a state and all that can be reached from it without reading; answers whether that is the end.
  const auto reach = [&](std::vector<std::uint32_t>& states, std::uint32_t from) {
    pending.push_back(from);
    while (!pending.empty()) {
      const auto state = pending.back();
      pending.pop_back();
      if (std::exchange(seen[state], step) == step) continue;
      const Instruction& i = p.code[state];
      switch (i.op) {
        case Instruction::Match: return true;
        case Instruction::Rune: states.push_back(state); break;
        case Instruction::Assert:
          if (holds(i.assertion, before, rune)) pending.push_back(i.next);
          break;
        case Instruction::Split:
          pending.push_back(i.other);
          pending.push_back(i.next);
          break;
      }
    }
    return false;
  };

  for (;;) {
    ++step;
    now.clear();
    for (const auto state : then)
      if (reach(now, state)) return true;
    if (reach(now, p.start)) return true;  // a match may begin here
    if (rune == kNone) return false;
    then.clear();
    for (const auto state : now)
      if (p.sets[p.code[state].set].has(static_cast<char32_t>(rune))) then.push_back(p.code[state].next);
    before = rune;
    rune = decode(text, at);
  }
}

}  // namespace spoke::kube
