#include "kube/protobuf.h"

#include <cstdint>
#include <optional>
#include <string>

#include "base/strings.h"
#include "base/time.h"
#include "base/utf8.h"
#include "kube/builtin_types.h"

namespace spoke::kube {
namespace {

using Type = Schema::Type;
using std::uint64_t;

constexpr std::string_view kMagic{"k8s\0", 4};
constexpr int kDeepest = 64;  // messages in messages, as deep as JSON documents may be

enum class Wire : std::uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

struct Field {
  std::uint32_t number = 0;
  Wire wire = Wire::Varint;
  uint64_t varint = 0;     // of a Varint
  std::string_view bytes;  // of the others
};

// The fields of one message, one after the other.
class Message {
 public:
  explicit Message(std::string_view bytes) : rest_(bytes) {}

  std::optional<Field> next() {
    if (rest_.empty()) return std::nullopt;
    const uint64_t tag = varint();
    Field field;
    if (tag >> 3 == 0 || tag >> 3 > kHighestNumber) fail("proto: illegal tag {} (wire type {})", tag >> 3, tag & 7);
    field.number = static_cast<std::uint32_t>(tag >> 3);
    field.wire = static_cast<Wire>(tag & 7);
    switch (field.wire) {
      case Wire::Varint: field.varint = varint(); break;
      case Wire::Bytes: field.bytes = take(varint()); break;
      case Wire::Fixed64: field.bytes = take(8); break;
      case Wire::Fixed32: field.bytes = take(4); break;
      default: fail("proto: illegal wireType {}", tag & 7);
    }
    return field;
  }

 private:
  static constexpr uint64_t kHighestNumber = (1U << 29U) - 1;

  uint64_t varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    fail("proto: integer overflow");
  }

  std::string_view take(uint64_t size) {
    if (size > rest_.size()) fail("unexpected EOF");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
};

void demand(const Field& field, Wire wire, std::string_view name) {
  if (field.wire != wire) fail("proto: wrong wireType = {} for field {}", static_cast<int>(field.wire), name);
}

// Field N of a message whose other fields do not matter: the last one, as protobuf has it.
std::optional<Field> last(std::string_view message, std::uint32_t number, Wire wire, std::string_view name) {
  std::optional<Field> found;
  Message reader(message);
  while (const auto field = reader.next())
    if (field->number == number) {
      demand(*field, wire, name);
      found = field;
    }
  return found;
}

std::string_view bytes_of(std::string_view message, std::uint32_t number, std::string_view name) {
  const auto field = last(message, number, Wire::Bytes, name);
  return field ? field->bytes : std::string_view();
}

std::int64_t integer_of(std::string_view message, std::uint32_t number, std::string_view name) {
  const auto field = last(message, number, Wire::Varint, name);
  return field ? static_cast<std::int64_t>(field->varint) : 0;
}

json::value text(std::string_view bytes, std::string_view name) {
  if (!is_utf8(bytes)) fail("proto: field {} holds text that is not UTF-8", name);
  return json::value(bytes);
}

// metav1.Time and MicroTime are seconds and nanoseconds; nothing of both is no time.
json::value time(const Schema& schema, std::string_view message, std::string_view name) {
  const std::int64_t seconds = integer_of(message, 1, name), nanos = integer_of(message, 2, name);
  if (seconds == 0 && nanos == 0) return nullptr;
  constexpr std::int64_t year_10000 = 253402300800, year_0 = -62167219200;
  if (seconds >= year_10000 || seconds < year_0 || nanos < 0 || nanos >= 1'000'000'000)
    fail("proto: field {} holds a time out of range", name);
  const Time at{std::chrono::microseconds(seconds * 1'000'000 + nanos / 1000)};
  return json::value(schema.go_type == "v1.MicroTime" ? rfc3339_micro(at) : rfc3339(at));
}

json::value int_or_string(std::string_view message, std::string_view name) {
  constexpr std::int64_t is_string = 1;
  if (integer_of(message, 1, name) == is_string) return text(bytes_of(message, 3, name), name);
  return integer_of(message, 2, name);
}

class Decoder {
 public:
  explicit Decoder(int depth) : left_(depth) {}

  json::object object(const Schema& schema, std::string_view message) {
    json::object out;
    fill(schema, "", message, out);
    return out;
  }

 private:
  void fill(const Schema& schema, const std::string& prefix, std::string_view message, json::object& out) {
    if (--left_ < 0) fail("proto: messages deeper than {}", kDeepest);
    Message reader(message);
    while (const auto field = reader.next()) {
      const std::string number = prefix + std::to_string(field->number);
      if (const auto known = schema.numbers.find(number); known != schema.numbers.end()) {
        add(*schema.properties.at(known->second), *field, known->second, out);
      } else if (const auto inner = schema.numbers.lower_bound(number + ".");
                 inner != schema.numbers.end() && inner->first.starts_with(number + ".")) {
        demand(*field, Wire::Bytes, number);
        fill(schema, number + ".", field->bytes, out);
      }
    }
    ++left_;
  }

  void add(const Schema& schema, const Field& field, const std::string& name, json::object& out) {
    if (schema.type == Type::List) {
      json::value& list = out[name];
      if (!list.is_array()) list.emplace_array();
      list.get_array().push_back(value(*schema.items, field, name));
    } else if (schema.type == Type::Map) {
      json::value& map = out[name];
      if (!map.is_object()) map.emplace_object();
      demand(field, Wire::Bytes, name);
      const json::value key = text(bytes_of(field.bytes, 1, name), name);
      // An entry without a value has the value's zero.
      const auto entry = last(field.bytes, 2, is_varint(*schema.items) ? Wire::Varint : Wire::Bytes, name);
      map.get_object()[key.get_string()] = value(
          *schema.items, entry.value_or(Field{2, is_varint(*schema.items) ? Wire::Varint : Wire::Bytes, 0, ""}), name);
    } else {
      out[name] = value(schema, field, name);
    }
  }

  static bool is_varint(const Schema& schema) { return schema.type == Type::Integer || schema.type == Type::Boolean; }

  json::value value(const Schema& schema, const Field& field, const std::string& name) {
    demand(field, is_varint(schema) ? Wire::Varint : Wire::Bytes, name);
    switch (schema.type) {
      case Type::Integer: {
        const auto wide = static_cast<std::int64_t>(field.varint);
        return schema.go_type == "int64" ? wide : static_cast<std::int64_t>(static_cast<std::int32_t>(wide));
      }
      case Type::Boolean: return field.varint != 0;
      case Type::String: return text(field.bytes, name);
      case Type::Bytes: return json::value(base64(field.bytes));
      case Type::Quantity: return text(bytes_of(field.bytes, 1, name), name);
      case Type::Time: return time(schema, field.bytes, name);
      case Type::IntOrString: return int_or_string(field.bytes, name);
      case Type::Object: return object(schema, field.bytes);
      case Type::List:  // in a map: a message of its own, whose field 1 is the items
      case Type::Map: {
        json::object wrapped;
        if (--left_ < 0) fail("proto: messages deeper than {}", kDeepest);
        Message reader(field.bytes);
        while (const auto item = reader.next())
          if (item->number == 1) add(schema, *item, "items", wrapped);
        ++left_;
        return wrapped.empty() ? json::value(json::array()) : wrapped.begin()->value();
      }
      case Type::Any: {  // RawExtension, FieldsV1: JSON in field 1
        if (schema.go_type == kAnySchema) fail("field {} is not read from protobuf: send the object as JSON", name);
        const std::string_view raw = bytes_of(field.bytes, 1, name);
        return raw.empty() ? json::value(nullptr) : json::parse(raw);
      }
      case Type::Number: break;
    }
    fail("proto: field {} is of a type that is not read", name);
  }

  int left_;
};

}  // namespace

bool is_protobuf(std::string_view body) { return body.starts_with(kMagic); }

json::value from_protobuf(std::string_view body) {
  if (!is_protobuf(body)) fail("{}", kNotProtobuf);
  const std::string_view envelope = body.substr(kMagic.size());
  const std::string_view type = bytes_of(envelope, 1, "typeMeta");
  const json::value api_version = text(bytes_of(type, 1, "apiVersion"), "apiVersion");
  const json::value kind = text(bytes_of(type, 2, "kind"), "kind");
  json::object out{{"kind", kind}, {"apiVersion", api_version}};
  const SchemaPtr schema = builtin_schema(api_version.get_string(), kind.get_string());
  if (schema != nullptr)
    for (auto& member : Decoder(kDeepest).object(*schema, bytes_of(envelope, 2, "raw")))
      out[member.key()] = std::move(member.value());
  return out;
}

}  // namespace spoke::kube
