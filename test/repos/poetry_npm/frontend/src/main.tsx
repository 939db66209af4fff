export async function load() {
  const answer = await fetch("/api/items");
  return answer.json();
}
