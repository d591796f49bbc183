// Hard texts as yaml-cpp writes them: yaml TEXTS_IN_HEX INTO VERSION
#include <yaml-cpp/yaml.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>

// Bytes of UTF-8 stay as they are; JSON wants no more than this.
static std::string quoted(const std::string &text) {
    std::string out = "\"";
    for (unsigned char c : text) {
        char escaped[8];
        if (c == '"' || c == '\\' || c < 0x20) {
            std::snprintf(escaped, sizeof escaped, "\\u%04x", c);
            out += escaped;
        } else {
            out += static_cast<char>(c);
        }
    }
    return out + "\"";
}

static std::string dump(const std::function<void(YAML::Emitter &)> &payload) {
    YAML::Emitter out;
    out << YAML::BeginMap << YAML::Key << "schedules" << YAML::Value << YAML::BeginMap << YAML::Key << "e" << YAML::Value
        << YAML::BeginMap << YAML::Key << "at" << YAML::Value << "2027-06-01T09:00:00Z" << YAML::Key << "lambda"
        << YAML::Value << "f" << YAML::Key << "payload" << YAML::Value;
    payload(out);
    out << YAML::EndMap << YAML::EndMap << YAML::EndMap;
    return std::string(out.c_str()) + "\n";
}

int main(int, char **arguments) {
    std::ifstream from(arguments[1]);
    std::ofstream into(std::string(arguments[2]) + "/yaml-cpp.jsonl");
    into << "# yaml-cpp " << arguments[3] << "\n";
    std::string hex;
    for (int number = 0; std::getline(from, hex); number++) {
        std::string text;
        for (size_t at = 0; at + 1 < hex.size(); at += 2) text += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
        std::string value = dump([&](YAML::Emitter &out) {
            out << YAML::BeginMap << YAML::Key << "v" << YAML::Value << text << YAML::Key << "l" << YAML::Value << YAML::BeginSeq
                << text << YAML::EndSeq << YAML::EndMap;
        });
        std::string key = dump([&](YAML::Emitter &out) {
            out << YAML::BeginMap << YAML::Key << text << YAML::Value << YAML::BeginMap << YAML::Key << text << YAML::Value << "x"
                << YAML::EndMap << YAML::EndMap;
        });
        into << "{\"text\":" << number << ",\"place\":\"value\",\"yaml\":" << quoted(value) << "}\n";
        into << "{\"text\":" << number << ",\"place\":\"key\",\"yaml\":" << quoted(key) << "}\n";
    }
}
