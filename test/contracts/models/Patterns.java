import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;

/** Takes, as arguments in Base64 after a letter (an empty argument gets lost), a pattern and texts, then "-" and the next; prints for each pattern which texts it matches. */
public class Patterns {
    public static void main(String[] args) {
        List<List<Boolean>> results = new ArrayList<>();
        Pattern pattern = null;
        for (String arg : args) {
            if (arg.equals("-")) {
                pattern = null;
                continue;
            }
            String text = new String(Base64.getDecoder().decode(arg.substring(1)), StandardCharsets.UTF_8);
            if (pattern == null) {
                pattern = Pattern.compile(text);
                results.add(new ArrayList<>());
            } else {
                results.get(results.size() - 1).add(pattern.matcher(text).find());
            }
        }
        System.out.println(results);
    }
}
